//! The one binary of cairn.

use std::process::ExitCode;

fn main() -> ExitCode {
    cairn::cli::main()
}
