//! Writes a mark to a file when a fatal signal ends the process, such as SIGABRT or SIGSEGV.

/// The text that is written to the file.
pub(super) const MARK: char = '!';

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI32, Ordering};

    use libc::c_int;

    const SIGNALS: [c_int; 5] = [libc::SIGABRT, libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

    /// The descriptor of the file; -1 for none.
    static FILE: AtomicI32 = AtomicI32::new(-1);

    /// The actions that the handler has replaced, in the order of [`SIGNALS`].
    static FORMER: [OnceLock<libc::sigaction>; SIGNALS.len()] = [const { OnceLock::new() }; SIGNALS.len()];

    pub(in super::super) fn note_in(file: &File) {
        FILE.store(file.as_raw_fd(), Ordering::SeqCst);
        for (signal, former) in SIGNALS.into_iter().zip(&FORMER) {
            former.get_or_init(|| install(signal));
        }
    }

    pub(in super::super) fn forget() {
        FILE.store(-1, Ordering::SeqCst);
    }

    /// Installs [`handle`] for a signal, and returns the previous action.
    fn install(signal: c_int) -> libc::sigaction {
        // SAFETY: all fields of `sigaction` are numbers, a set of bits or an optional function, for which zero is valid; the
        // handler calls only functions that POSIX allows in signal handlers.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handle as *const () as usize;
            // Runs on the alternative stack, because the signal may be caused by a stack overflow.
            action.sa_flags = libc::SA_ONSTACK;
            let mut former: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, &action, &mut former);
            former
        }
    }

    /// Writes the mark and restores the previous action. Then the failed instruction is executed again and fails again; `abort`
    /// raises its signal a second time.
    extern "C" fn handle(signal: c_int) {
        let file = FILE.load(Ordering::SeqCst);
        let former = SIGNALS.iter().position(|known| *known == signal).and_then(|at| FORMER[at].get());
        // SAFETY: `write` and `sigaction` may be called in a signal handler; the pointers are valid for the calls.
        unsafe {
            if file >= 0 {
                libc::write(file, [super::MARK as u8].as_ptr().cast(), 1);
            }
            match former {
                Some(former) => libc::sigaction(signal, former, std::ptr::null_mut()),
                None => {
                    libc::signal(signal, libc::SIG_DFL);
                    0
                }
            };
        }
    }
}

#[cfg(unix)]
pub(super) use unix::{forget, note_in};

/// Other systems have no signals.
#[cfg(not(unix))]
pub(super) fn note_in(_: &std::fs::File) {}

#[cfg(not(unix))]
pub(super) fn forget() {}
