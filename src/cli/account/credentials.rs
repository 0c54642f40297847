//! Name and password of a new device.

use std::io::{self, Read as _};

use cairn_proto::limits::PASSWORD_BYTES_MAX;
use cairn_proto::text::{DeviceName, Password};
use clap::Args;

use crate::cli::failure::{Exit, Failure};
use crate::cli::input::Input;

#[derive(Debug, Args)]
pub(crate) struct NewDevice {
    /// Read the password from the first line of standard input instead of asking on the terminal
    #[arg(long)]
    password_stdin: bool,

    /// The name of this device in `cairn devices` [default: the name of this machine]
    #[arg(long, value_name = "NAME")]
    device: Option<DeviceName>,
}

impl NewDevice {
    /// Returns a password for a new account. `None` without a terminal, or when the user wants
    /// none.
    pub(crate) fn choose_password(&self, input: &Input) -> Result<Option<Password>, Failure> {
        if self.password_stdin {
            return password_from(input.reader()).map(Some);
        }
        if !input.is_terminal() {
            return Ok(None);
        }
        let first = Input::ask_secret("Choose a password for further devices (empty for none): ")?;
        if first.is_empty() {
            return Ok(None);
        }
        if Input::ask_secret("Repeat it: ")? != first {
            return Err(Failure::new(Exit::Failed, "the two passwords differ").hint("try again"));
        }
        checked(first).map(Some)
    }

    /// Returns the password of an existing account.
    pub(crate) fn known_password(&self, input: &Input) -> Result<Password, Failure> {
        if self.password_stdin {
            return password_from(input.reader());
        }
        if !input.is_terminal() {
            let failure = Failure::new(Exit::Usage, "there is no terminal to ask for the password");
            return Err(failure.hint("pass it on standard input, with --password-stdin"));
        }
        checked(Input::ask_secret("Password: ")?)
    }

    pub(crate) fn name(&self) -> Result<DeviceName, Failure> {
        match &self.device {
            Some(name) => Ok(name.clone()),
            None => DeviceName::new(host_name().as_deref().unwrap_or(DEVICE_NAME_DEFAULT))
                .or_else(|_| DeviceName::new(DEVICE_NAME_DEFAULT))
                .map_err(|error| Failure::caused(Exit::Failed, "this device has no name", &error)),
        }
    }
}

const DEVICE_NAME_DEFAULT: &str = "terminal";

fn checked(raw: String) -> Result<Password, Failure> {
    Password::new(raw).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("the password cannot be used: {error}"),
        )
    })
}

/// Returns the first line, without its end.
fn password_from(input: impl io::Read) -> Result<Password, Failure> {
    let mut raw = String::new();
    let bound = PASSWORD_BYTES_MAX as u64 + "\r\n".len() as u64 + 1;
    input
        .take(bound)
        .read_to_string(&mut raw)
        .map_err(|error| {
            Failure::caused(
                Exit::Failed,
                "cannot read the password from standard input",
                &error,
            )
        })?;
    checked(raw.lines().next().unwrap_or_default().to_owned())
}

fn host_name() -> Option<String> {
    let from_env = || {
        std::env::var("HOSTNAME")
            .or_else(|_| std::env::var("COMPUTERNAME"))
            .ok()
    };
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(from_env)?;
    Some(name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_the_first_line() {
        let expected = Password::new("correct horse").unwrap();
        for raw in [
            "correct horse",
            "correct horse\n",
            "correct horse\r\n",
            "correct horse\nmore\n",
        ] {
            assert_eq!(password_from(raw.as_bytes()).unwrap(), expected);
        }
        assert_eq!(
            password_from(" padded pass \n".as_bytes()).unwrap(),
            Password::new(" padded pass ").unwrap()
        );
    }

    #[test]
    fn passwords_out_of_bounds_are_refused() {
        assert!(password_from("short\n".as_bytes()).is_err());
        assert!(password_from("x".repeat(PASSWORD_BYTES_MAX).as_bytes()).is_ok());
        assert!(password_from("x".repeat(PASSWORD_BYTES_MAX + 1).as_bytes()).is_err());
        assert!(password_from("x".repeat(10 * PASSWORD_BYTES_MAX).as_bytes()).is_err());
    }
}
