//! Confines the reading process: it may only compute, and write to its standard output.
//!
//! Readers parse files that anybody may have made. If one of them is taken over, landlock (landlock(7)) keeps it from all
//! files and from the network, and seccomp (seccomp(2)) from opening anything at all, from other processes and from starting
//! programs. Its input comes by its standard input, so that it needs no file.

/// Confines this thread, and those that it starts, for good.
///
/// # Errors
/// A message that names what the kernel does not support. All other restrictions are in force.
#[cfg(target_os = "linux")]
pub(super) fn enter() -> Result<(), String> {
    let failures: Vec<String> =
        [linux::restrict_files(), linux::restrict_calls()].into_iter().filter_map(Result::err).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
}

/// Not supported on other systems.
#[cfg(not(target_os = "linux"))]
pub(super) fn enter() -> Result<(), String> {
    Err("this system has neither landlock nor seccomp".into())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, RulesetStatus};
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch};

    /// Allows no access to any file, and no connection.
    pub(super) fn restrict_files() -> Result<(), String> {
        let restrict = || -> Result<RulesetStatus, RulesetError> {
            let ruleset = Ruleset::default().handle_access(AccessFs::from_all(ABI::V5))?;
            let ruleset = ruleset.handle_access(AccessNet::from_all(ABI::V5))?;
            Ok(ruleset.create()?.restrict_self()?.ruleset)
        };
        match restrict() {
            Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
            Ok(RulesetStatus::NotEnforced) => Err("the kernel has no landlock".into()),
            Err(error) => Err(format!("landlock: {error}")),
        }
    }

    /// Makes the system calls in [`DENIED`] fail with EPERM.
    pub(super) fn restrict_calls() -> Result<(), String> {
        let words = |error: &dyn std::fmt::Display| format!("seccomp: {error}");
        let rules: BTreeMap<i64, Vec<SeccompRule>> = DENIED.iter().map(|call| (*call, Vec::new())).collect();
        let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| words(&error))?;
        let denied = SeccompAction::Errno(libc::EPERM as u32);
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch).map_err(|error| words(&error))?;
        let program = BpfProgram::try_from(filter).map_err(|error| words(&error))?;
        seccompiler::apply_filter(&program).map_err(|error| words(&error))
    }

    /// System calls that open files, use the network, affect other processes, start programs, or change privileges. Those for
    /// threads and memory stay allowed.
    const DENIED: &[i64] = &[
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_creat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_fork,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_vfork,
        libc::SYS_openat,
        libc::SYS_openat2,
        libc::SYS_open_by_handle_at,
        libc::SYS_memfd_create,
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept4,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_kill,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_linkat,
        libc::SYS_mkdirat,
        libc::SYS_mount,
        libc::SYS_chroot,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
    ];
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_confined_thread_reaches_no_files_network_or_programs() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let kinds = std::thread::spawn(move || {
            // Without landlock, as in some containers, there is only seccomp.
            let outcome = super::enter();
            assert!(outcome.as_ref().err().is_none_or(|missing| !missing.contains("seccomp")), "{outcome:?}");
            let read = std::fs::read("/proc/self/environ").map(drop);
            let written = std::fs::write("/tmp/stroma-sandbox-test", "x");
            let connected = TcpStream::connect(address).map(drop);
            let started = std::process::Command::new("/bin/true").status().map(drop);
            let sum: u64 = std::thread::spawn(|| (0..1_000_000_u64).sum()).join().unwrap();
            assert_eq!(sum, 499_999_500_000, "threads and memory are left");
            [read, written, connected, started].map(|outcome| outcome.map_err(|error| error.kind()))
        });
        assert_eq!(kinds.join().unwrap(), [Err(ErrorKind::PermissionDenied); 4]);
        // Other threads are not affected.
        assert!(std::fs::read("/proc/self/environ").is_ok());
    }
}
