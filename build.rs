//! Writes the places of libtorch into the binary (rpath), so that it runs from any shell: beside the installed program, and that
//! of the build.

/// From the folder of the program; `scripts/install.sh` puts the libraries there.
const INSTALLED: &str = if cfg!(target_os = "macos") { "@loader_path/../lib/stroma" } else { "$ORIGIN/../lib/stroma" };

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    println!("cargo:rerun-if-env-changed=LIBTORCH_LIB");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{INSTALLED}");
    let lib = std::env::var("LIBTORCH_LIB").or_else(|_| std::env::var("LIBTORCH"));
    if let Ok(folder) = lib {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}/lib");
    }
    // Tests and benches link the same library; without this the linker drops it where only symbols behind it are used.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed");
    }
}
