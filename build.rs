//! Writes the place of libtorch into the binary (rpath), so that it runs from any shell.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    println!("cargo:rerun-if-env-changed=LIBTORCH_LIB");
    let lib = std::env::var("LIBTORCH_LIB").or_else(|_| std::env::var("LIBTORCH"));
    if let Ok(folder) = lib {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}/lib");
    }
    // Tests and benches link the same library; without this the linker drops it where only symbols behind it are used.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed");
    }
}
