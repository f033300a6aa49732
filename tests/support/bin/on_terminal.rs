//! `on-terminal PROGRAM [ARGUMENT…]`: makes the terminal on standard input the controlling one of a session of its own and becomes
//! the program, as a terminal window does. Tests cannot do this between fork and exec without unsafe code.

use std::os::unix::process::CommandExt;
use std::process::Command;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments
        .next()
        .ok_or_else(|| anyhow::anyhow!("which program?"))?;
    rustix::process::setsid()?;
    rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
    Err(Command::new(program).args(arguments).exec().into())
}
