//! Name and password of a new device.

use std::io::{self, Read as _};

use cairn_proto::limits::PASSWORD_BYTES_MAX;
use cairn_proto::text::{DeviceName, Password, TextError};
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
        repeated(first).map(Some)
    }

    /// Returns the new password of an existing account.
    pub(crate) fn new_password(&self, input: &Input) -> Result<Password, Failure> {
        if self.password_stdin {
            return password_from(input.reader());
        }
        check_terminal(input)?;
        repeated(Input::ask_secret("Choose a new password: ")?)
    }

    /// Returns the password of an existing account.
    pub(crate) fn known_password(&self, input: &Input) -> Result<Password, Failure> {
        if self.password_stdin {
            let [first, _] = lines_of(input.reader())?;
            return existing(first);
        }
        check_terminal(input)?;
        existing(Input::ask_secret("Password: ")?)
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

/// Returns the current password if there is one, and a new one.
pub(super) fn change(
    input: &Input,
    is_stdin: bool,
) -> Result<(Option<Password>, Password), Failure> {
    if is_stdin {
        return match lines_of(input.reader())? {
            [only, second] if second.is_empty() => Ok((None, checked(only)?)),
            [old, new] if old.is_empty() => Ok((None, checked(new)?)),
            [old, new] => Ok((Some(existing(old)?), checked(new)?)),
        };
    }
    check_terminal(input)?;
    let old = Input::ask_secret("Current password (empty if you have none): ")?;
    let old = (!old.is_empty()).then(|| existing(old)).transpose()?;
    Ok((old, repeated(Input::ask_secret("New password: ")?)?))
}

fn repeated(first: String) -> Result<Password, Failure> {
    if Input::ask_secret("Repeat it: ")? != first {
        return Err(Failure::new(Exit::Failed, "the two passwords differ").hint("try again"));
    }
    checked(first)
}

fn check_terminal(input: &Input) -> Result<(), Failure> {
    if input.is_terminal() {
        return Ok(());
    }
    let failure = Failure::new(Exit::Usage, "there is no terminal to ask for the password");
    Err(failure.hint("pass it on standard input, with --password-stdin"))
}

fn checked(raw: String) -> Result<Password, Failure> {
    Password::new(raw).map_err(unusable)
}

fn existing(raw: String) -> Result<Password, Failure> {
    Password::existing(raw).map_err(unusable)
}

fn unusable(error: TextError) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("the password cannot be used: {error}"),
    )
}

/// Returns the first line, without its end.
fn password_from(input: impl io::Read) -> Result<Password, Failure> {
    let [first, _] = lines_of(input)?;
    checked(first)
}

/// Returns the first two lines, without their ends.
fn lines_of(input: impl io::Read) -> Result<[String; 2], Failure> {
    let mut raw = String::new();
    // Decomposed characters take up to three times the bytes.
    let bound = 2 * (3 * PASSWORD_BYTES_MAX as u64 + "\r\n".len() as u64) + 1;
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
    let mut lines = raw.lines().map(str::to_owned);
    Ok([(); 2].map(|()| lines.next().unwrap_or_default()))
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
    fn changes_are_two_lines() {
        let password = |raw: &str| Password::new(raw).unwrap();
        let changed = |raw: &str| change(&Input::Memory(raw.as_bytes().to_vec()), true).unwrap();
        let both = (Some(password("battery staple")), password("correct horse"));
        assert_eq!(changed("battery staple\ncorrect horse\n"), both);
        assert_eq!(changed("battery staple\r\ncorrect horse"), both);
        for first in ["correct horse\n", "\ncorrect horse\n"] {
            assert_eq!(
                changed(first),
                (None, password("correct horse")),
                "{first:?}"
            );
        }
    }

    #[test]
    fn passwords_out_of_bounds_are_refused() {
        assert!(password_from("short\n".as_bytes()).is_err());
        assert!(password_from("x".repeat(PASSWORD_BYTES_MAX).as_bytes()).is_ok());
        assert!(password_from("x".repeat(PASSWORD_BYTES_MAX + 1).as_bytes()).is_err());
        assert!(password_from("x".repeat(10 * PASSWORD_BYTES_MAX).as_bytes()).is_err());
    }
}
