//! Input of a command.

use std::io::{self, IsTerminal as _, Read};
use std::thread;

use tokio::sync::mpsc;

use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;

/// The standard input of a command.
#[derive(Clone, Debug)]
pub enum Input {
    /// Standard input of the process.
    Process,
    /// These bytes. An interactive client uses its terminal itself and passes none.
    Memory(Vec<u8>),
}

/// Input in parts, as it comes.
pub(crate) type Parts = mpsc::Receiver<io::Result<Vec<u8>>>;

impl Input {
    /// Returns whether standard input is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        match self {
            Self::Process => io::stdin().is_terminal(),
            Self::Memory(_) => false,
        }
    }

    /// Prompts on the terminal, without echo.
    pub(crate) fn ask_secret(prompt: &str) -> Result<String, Failure> {
        rpassword::prompt_password(prompt)
            .map_err(|error| Failure::caused(Exit::Failed, "cannot read the password", &error))
    }

    pub(crate) fn reader(&self) -> Box<dyn Read + Send + '_> {
        match self {
            Self::Process => Box::new(io::stdin()),
            Self::Memory(bytes) => Box::new(bytes.as_slice()),
        }
    }

    /// Reads everything, in parts. A separate thread waits for the input, since standard input
    /// cannot be read without blocking.
    pub(crate) fn parts(&self) -> Result<Parts, Failure> {
        let (parts, receiver) = mpsc::channel(limits::INPUT_PARTS_MAX);
        let input = self.clone();
        let started = thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || read_all(&mut *input.reader(), &parts));
        started.map_err(|error| cannot_read(&error))?;
        Ok(receiver)
    }
}

fn read_all(input: &mut dyn Read, parts: &mpsc::Sender<io::Result<Vec<u8>>>) {
    loop {
        let mut part = vec![0; limits::IO_BYTES];
        let result = match input.read(&mut part) {
            Ok(0) => return,
            Ok(bytes) => {
                part.truncate(bytes);
                Ok(part)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_over = result.is_err();
        if parts.blocking_send(result).is_err() || is_over {
            return;
        }
    }
}

pub(crate) fn cannot_read(error: &io::Error) -> Failure {
    Failure::caused(Exit::Failed, "cannot read standard input", error)
}
