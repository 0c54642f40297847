//! Why a command failed, in the words of the person who typed it. The one place where errors become a headline, a chain of causes, a hint
//! and an exit code.

mod exit;
mod hints;

use std::error::Error as StdError;
use std::fmt::Display;
use std::io;

use anstyle::AnsiColor;
use cairn_client::Error as ClientError;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;

use self::hints::hint_for;

pub(crate) use self::exit::{Exit, HELP};
pub(crate) use self::hints::hint_for_code;
use crate::ui::sanitize::Sanitized;
use cairn_server::run::ServeError;
use cairn_store::StoreError;
use cairn_store::check::doctor::DoctorError;
use cairn_store::files::disk_reserve;
use cairn_store::files::lock::LockError;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The reader of the output went away: that is how `| head` ends.
    BrokenPipe,
    /// Ctrl-C.
    Interrupted,
    /// Anything that people must be told.
    Report(Box<Report>),
}

/// What people are told.
#[derive(Debug)]
pub struct Report {
    exit: Exit,
    headline: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure without a cause beneath it.
    pub(crate) fn new(exit: Exit, headline: impl Display) -> Self {
        Self::Report(Box::new(Report {
            exit,
            headline: headline.to_string(),
            causes: Vec::new(),
            hint: None,
        }))
    }

    /// A failure with the chain of causes beneath it. A cause that its effect has quoted already is left out.
    pub(crate) fn caused(exit: Exit, headline: impl Display, cause: &dyn StdError) -> Self {
        let headline = headline.to_string();
        let mut above = headline.clone();
        let mut causes = Vec::new();
        let mut next = Some(cause);
        while let Some(cause) = next {
            let text = cause.to_string();
            if !above.contains(&text) {
                causes.push(text.clone());
                above = text;
            }
            next = cause.source();
        }
        Self::Report(Box::new(Report {
            exit,
            headline,
            causes,
            hint: None,
        }))
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        if let Self::Report(report) = &mut self {
            report.hint = Some(hint.to_string());
        }
        self
    }

    /// How the process ends.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::BrokenPipe => Exit::Done,
            Self::Interrupted => Exit::Interrupted,
            Self::Report(report) => report.exit,
        }
    }

    /// Returns the lines for people. There are none where nobody needs an explanation.
    pub(crate) fn text(&self, is_coloured: bool) -> String {
        match self {
            Self::Report(report) => report.text(is_coloured),
            Self::BrokenPipe | Self::Interrupted => String::new(),
        }
    }
}

impl Report {
    fn text(&self, is_coloured: bool) -> String {
        let mut text = String::new();
        let mut line = |label: &str, colour: AnsiColor, message: &str| {
            let (message, style) = (Sanitized(message), colour.on_default().bold());
            text.push_str(&match is_coloured {
                true => format!("{style}{label}:{style:#} {message}\n"),
                false => format!("{label}: {message}\n"),
            });
        };
        line("error", AnsiColor::Red, &self.headline);
        for cause in &self.causes {
            line("caused by", AnsiColor::Yellow, cause);
        }
        if let Some(hint) = &self.hint {
            line("hint", AnsiColor::Cyan, hint);
        }
        text
    }
}

/// Standard output is all that a command's own reads and writes fail on without saying more.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::caused(Exit::Failed, "cannot write the output", &error),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let failure = Self::caused(exit_of(&error), &error, &error);
        match hint_for(&error) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

const FULL: &str = "the disk is full, and nothing that was accepted is lost: make room on it, then start again on the same directory";

/// Whether a full disk is what is behind it.
fn is_full(error: &(dyn StdError + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(disk_reserve::is_full)
        || error.source().is_some_and(is_full)
}

fn exit_of(error: &ClientError) -> Exit {
    match error {
        ClientError::Resolve { .. }
        | ClientError::Socket { .. }
        | ClientError::NoAnswer { .. }
        | ClientError::LoginUnanswered { .. }
        | ClientError::Broken { .. }
        | ClientError::WrongPin { .. }
        | ClientError::NotCairn { .. }
        | ClientError::Lost { .. }
        | ClientError::LoginRefused {
            code: ErrorCode::AuthFailed,
            ..
        }
        | ClientError::Ended(CloseCode::Revoked | CloseCode::AuthFailed | CloseCode::Version) => {
            Exit::NoSession
        }
        _ => Exit::Failed,
    }
}

impl Failure {
    /// A server that did not start, or stopped. `was_ready` tells a directory that cannot be opened from a storage that broke in use.
    pub(crate) fn of_server(error: &ServeError, was_ready: bool) -> Self {
        let exit = match error {
            ServeError::Store(_) if was_ready => Exit::StorageFailed,
            ServeError::OwnerInvite(ErrorCode::StorageFailed)
            | ServeError::Begin(ErrorCode::StorageFailed) => Exit::StorageFailed,
            ServeError::Store(_) | ServeError::Identity(_) => Exit::DataUnusable,
            _ => Exit::Failed,
        };
        let failure = Self::caused(exit, error, error);
        match (exit, error) {
            (Exit::StorageFailed, _) if !is_full(error) => {
                failure.hint("every accepted message is safe: look after the disk, then start the server again on the same directory")
            }
            (_, ServeError::Endpoint(_)) => failure.hint("choose another address with --listen, or stop what uses this one"),
            (_, ServeError::Store(StoreError::Lock(LockError::Held { .. }))) => {
                failure.hint("stop that server, or give this one a directory of its own with --data")
            }
            _ if is_full(error) => failure.hint(FULL),
            (_, ServeError::Panicked) => failure.hint("this is a fault of cairn; please report it with the log above"),
            _ => failure,
        }
    }

    /// A data directory that was checked and is not sound, or cannot be checked.
    pub(crate) fn of_check(error: &DoctorError) -> Self {
        match error {
            DoctorError::NoDirectory(_) => Self::new(Exit::DataUnusable, error)
                .hint("name the directory that `cairn serve --data` was given"),
            DoctorError::Lock(_) | DoctorError::Store(StoreError::Lock(_)) => {
                Self::caused(Exit::DataUnusable, error, error)
                    .hint("stop the server first: nobody may write while everything is read")
            }
            _ if is_full(error) => Self::caused(Exit::DataUnusable, error, error).hint(FULL),
            DoctorError::Format(_) | DoctorError::Store(StoreError::Format(_)) => {
                Self::caused(Exit::DataUnusable, error, error)
            }
            _ => Self::caused(Exit::Failed, error, error)
                .hint("keep a copy of the directory as it is, and restore it from a backup"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::invite::ServerAddr;
    use cairn_store::files::disk_reserve::OutOfSpace;

    fn told(failure: &Failure) -> String {
        failure.text(false)
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open the file: {source}")]
    struct Quoting {
        source: io::Error,
    }

    #[test]
    fn the_chain_is_told_once() {
        let source = io::Error::new(io::ErrorKind::PermissionDenied, "not yours");
        let failure = Failure::caused(Exit::Failed, "cannot save the profile", &Quoting { source })
            .hint("become somebody else");
        let expected = "error: cannot save the profile\ncaused by: cannot open the file: not yours\nhint: become somebody else\n";
        assert_eq!(told(&failure), expected);
    }

    #[test]
    fn what_a_server_says_cannot_move_the_cursor() {
        let failure = Failure::new(Exit::Failed, "bad\u{1b}[2J\nerror: fake");
        assert_eq!(told(&failure), "error: bad␛[2J\n    error: fake\n");
    }

    #[test]
    fn a_reader_who_leaves_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.exit(), Exit::Done);
        let failure = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(failure.exit(), Exit::Failed);
    }

    #[test]
    fn errors_of_the_client_have_their_codes() {
        let addr = ServerAddr::new("h", 1);
        for (error, exit) in [
            (
                ClientError::NoAnswer { addr: addr.clone() },
                Exit::NoSession,
            ),
            (
                ClientError::LoginRefused {
                    addr: addr.clone(),
                    code: ErrorCode::AuthFailed,
                },
                Exit::NoSession,
            ),
            (
                ClientError::LoginRefused {
                    addr,
                    code: ErrorCode::NameTaken,
                },
                Exit::Failed,
            ),
            (ClientError::Refused(ErrorCode::NotFound), Exit::Failed),
            (ClientError::Ended(CloseCode::Revoked), Exit::NoSession),
            (ClientError::Ended(CloseCode::Storage), Exit::Failed),
        ] {
            assert_eq!(Failure::from(error.clone()).exit(), exit, "{error:?}");
        }
    }

    #[test]
    fn a_full_disk_is_no_damage() {
        let full = || io::Error::new(io::ErrorKind::StorageFull, "no space left");
        let at_start = StoreError::OutOfSpace(OutOfSpace {
            dir: "/srv/cairn".into(),
            source: full(),
        });
        let expected =
            format!("error: the data directory /srv/cairn: no space left\nhint: {FULL}\n");
        assert_eq!(
            told(&Failure::of_server(&ServeError::Store(at_start), false)),
            expected
        );
        let compaction = ServeError::Store(StoreError::Compaction(full()));
        assert!(told(&Failure::of_server(&compaction, true)).ends_with(&format!("hint: {FULL}\n")));
        let other = ServeError::Store(StoreError::Compaction(
            io::ErrorKind::PermissionDenied.into(),
        ));
        assert!(!told(&Failure::of_server(&other, false)).contains(FULL));
    }

    #[test]
    fn every_refusal_says_what_to_do_next() {
        for &code in ErrorCode::ALL {
            let said = told(&ClientError::Refused(code).into());
            assert!(
                said.contains("\nhint: "),
                "{code:?} says no more than {said}"
            );
        }
        assert_eq!(
            told(&ClientError::Refused(ErrorCode::Other(900)).into())
                .lines()
                .count(),
            1
        );
    }

    #[test]
    fn a_directory_that_cannot_be_opened_differs_from_a_disk_that_breaks() {
        let held = || {
            let held = LockError::Held {
                dir: "/srv/cairn".into(),
                pid: Some("7".into()),
            };
            ServeError::Store(StoreError::Lock(held))
        };
        assert_eq!(
            Failure::of_server(&held(), false).exit(),
            Exit::DataUnusable
        );
        assert_eq!(
            Failure::of_server(&held(), true).exit(),
            Exit::StorageFailed
        );
        for first in [
            ServeError::Begin(ErrorCode::StorageFailed),
            ServeError::OwnerInvite(ErrorCode::StorageFailed),
        ] {
            assert_eq!(
                Failure::of_server(&first, false).exit(),
                Exit::StorageFailed,
                "the first commit fails"
            );
        }
        let expected = "error: the data directory /srv/cairn is in use by another server (process 7)\n\
                        hint: stop that server, or give this one a directory of its own with --data\n";
        assert_eq!(told(&Failure::of_server(&held(), false)), expected);
    }
}
