//! Callgrind: how many instructions a process, or a part of its work, takes.

use std::process::Command;

/// Runs this binary under callgrind. Returns what it wrote, and how many instructions were counted: all of them, or
/// only those between the calls of [`toggle`].
pub fn count(arguments: &[&str], all: bool) -> Result<(String, u64), String> {
    let ourselves = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(if all { "--collect-atstart=yes" } else { "--collect-atstart=no" })
        .arg(ourselves)
        .arg("one")
        .args(arguments)
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{}: {said}", arguments.join(" ")));
    }
    // `==7== Collected : 123456`
    let counted = said
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .ok_or_else(|| format!("callgrind did not say what it collected: {said}"))?;
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), counted))
}

pub fn is_here() -> Result<(), String> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(_) => Ok(()),
        Err(_) => Err("instructions are counted by callgrind, and valgrind is not installed".to_owned()),
    }
}

/// Tells callgrind to begin or to end counting on this thread; nothing where callgrind is not.
#[inline(never)]
pub fn toggle() {
    #[cfg(target_arch = "x86_64")]
    {
        // CALLGRIND_TOGGLE_COLLECT, as callgrind.h writes it.
        const TOGGLE: u64 = (b'C' as u64) << 24 | (b'T' as u64) << 16 | 2;
        let request = [TOGGLE, 0, 0, 0, 0, 0];
        let mut outcome = 0_u64;
        // SAFETY: the rotations add up to 128 bits and so change nothing, and the exchange is of a register with itself:
        // on a processor this does nothing at all, and valgrind reads `request` and writes `outcome`.
        unsafe {
            std::arch::asm!(
                "rol rdi, 3",
                "rol rdi, 13",
                "rol rdi, 61",
                "rol rdi, 51",
                "xchg rbx, rbx",
                in("rax") request.as_ptr(),
                inout("rdx") outcome,
            );
        }
        std::hint::black_box(outcome);
    }
}
