//! Failures of commands: the one place where errors become a headline, a chain of causes, a hint
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
use cairn_server::identity::IdentityError;
use cairn_server::run::ServeError;
use cairn_server::supervision::watchdog::Stalled;
use cairn_store::StoreError;
use cairn_store::check::doctor::DoctorError;
use cairn_store::files::disk_reserve;
use cairn_store::files::lock::LockError;
use cairn_store::trees::db::is_full_disk;

#[derive(Debug)]
pub enum Failure {
    /// The reader of the output closed it, as with `| head`.
    BrokenPipe,
    /// Ctrl-C.
    Interrupted,
    /// All other failures, with an explanation.
    Report(Box<Report>),
}

/// An explanation for people.
#[derive(Debug)]
pub struct Report {
    exit: Exit,
    headline: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// Creates a failure without a cause.
    pub(crate) fn new(exit: Exit, headline: impl Display) -> Self {
        Self::Report(Box::new(Report {
            exit,
            headline: headline.to_string(),
            causes: Vec::new(),
            hint: None,
        }))
    }

    /// Creates a failure with a chain of causes, without those already quoted by their effect.
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

    /// Adds a hint: what to do next.
    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        if let Self::Report(report) = &mut self {
            report.hint = Some(hint.to_string());
        }
        self
    }

    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::BrokenPipe => Exit::Done,
            Self::Interrupted => Exit::Interrupted,
            Self::Report(report) => report.exit,
        }
    }

    /// Returns the lines for people. There are none for failures without an explanation.
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

/// Commands use `?` on I/O only to write their output; every other error is explained.
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

const FULL: &str = "the disk is full; no accepted message is lost: free some space, then start \
    again on the same directory";

const BUG: &str = "every accepted message is safe: restart the server on the same directory; this \
    is a bug in cairn; please report it with the log above";

/// Returns whether a full disk is the cause.
fn is_full(error: &(dyn StdError + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(disk_reserve::is_full)
        || is_full_disk(error)
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
        | ClientError::Ended(CloseCode::Revoked | CloseCode::AuthFailed)
        | ClientError::VersionMismatch { .. } => Exit::NoSession,
        _ => Exit::Failed,
    }
}

impl Failure {
    /// Explains why a server did not start, or stopped. `was_ready` distinguishes a directory that
    /// cannot be opened from storage that fails in use.
    pub(crate) fn of_server(error: &ServeError, was_ready: bool) -> Self {
        let exit = match error {
            ServeError::Store(_) if was_ready => Exit::StorageFailed,
            ServeError::OwnerInvite(ErrorCode::StorageFailed)
            | ServeError::BeginEpoch(ErrorCode::StorageFailed) => Exit::StorageFailed,
            ServeError::Identity(error) => return Self::of_identity(Exit::DataUnusable, error),
            ServeError::Store(_) | ServeError::Attachments(_) => Exit::DataUnusable,
            ServeError::Ended(_) => Exit::Internal,
            _ => Exit::Failed,
        };
        let failure = Self::caused(exit, error, error);
        match (exit, error) {
            (Exit::StorageFailed, _) if !is_full(error) => failure.hint(
                "every accepted message is safe: check the disk, then restart the \
                    server on the same directory",
            ),
            (_, ServeError::Endpoint(_)) => failure.hint(
                "choose another address with --listen, \
                or stop the process that uses this one",
            ),
            (_, ServeError::Store(StoreError::Lock(LockError::Held { .. }))) => failure.hint(
                "stop that server, or give this one a directory of its own with \
                    --data",
            ),
            _ if is_full(error) => failure.hint(FULL),
            (Exit::DataUnusable, ServeError::Store(StoreError::Log(_))) => failure
                .hint("`cairn doctor --data DIR` says what is missing, and can cut a damaged log"),
            (_, ServeError::Ended(_)) => failure.hint(BUG),
            _ => failure,
        }
    }

    /// Explains why a server whose threads stand still ends.
    pub(crate) fn of_stalled(stalled: &Stalled) -> Self {
        Self::new(Exit::Internal, stalled).hint(BUG)
    }

    /// Explains what is wrong with the server's identity.
    pub(crate) fn of_identity(exit: Exit, error: &IdentityError) -> Self {
        let failure = Self::caused(exit, error, error);
        match error {
            IdentityError::Missing(_) | IdentityError::Damaged(_) => failure.hint(
                "if there is no backup, `cairn doctor --data DIR --new-identity` creates a new \
                    key, which every device must then be made to trust",
            ),
            IdentityError::Foreign { .. } => failure.hint(
                "to use this key for a new server on purpose, remove the first line of its file",
            ),
            _ if is_full(error) => failure.hint(FULL),
            _ => failure,
        }
    }

    /// Explains why a data directory is damaged, or cannot be checked.
    pub(crate) fn of_check(error: &DoctorError) -> Self {
        match error {
            DoctorError::NoDirectory(_) => Self::new(Exit::DataUnusable, error)
                .hint("use the directory of `cairn serve --data`"),
            DoctorError::Lock(_) | DoctorError::Store(StoreError::Lock(_)) => {
                Self::caused(Exit::DataUnusable, error, error)
                    .hint("stop the server first: it must not write during the check")
            }
            _ if is_full(error) => Self::caused(Exit::DataUnusable, error, error).hint(FULL),
            DoctorError::Format(_) | DoctorError::Store(StoreError::Format(_)) => {
                Self::caused(Exit::DataUnusable, error, error)
            }
            DoctorError::Lost { .. } => Self::caused(Exit::Failed, error, error).hint(
                "keep a copy of the directory, and restore a backup; without one, `cairn doctor \
                    --data DIR --repair` cuts the log there and lists what is lost",
            ),
            _ => Self::caused(Exit::Failed, error, error)
                .hint("keep a copy of the directory, and restore a backup"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::invite::ServerAddr;
    use cairn_server::supervision::Ended;
    use cairn_store::files::disk_reserve::OutOfSpace;

    fn text(failure: &Failure) -> String {
        failure.text(false)
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open the file: {source}")]
    struct Quoting {
        source: io::Error,
    }

    #[test]
    fn causes_are_not_repeated() {
        let source = io::Error::new(io::ErrorKind::PermissionDenied, "not yours");
        let failure = Failure::caused(Exit::Failed, "cannot save the profile", &Quoting { source })
            .hint("switch the user");
        let expected = "error: cannot save the profile\ncaused by: cannot open the file: not \
            yours\nhint: switch the user\n";
        assert_eq!(text(&failure), expected);
    }

    #[test]
    fn errors_are_sanitized() {
        let failure = Failure::new(Exit::Failed, "bad\u{1b}[2J\nerror: fake");
        assert_eq!(text(&failure), "error: bad␛[2J\n    error: fake\n");
    }

    #[test]
    fn closed_pipe_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.exit(), Exit::Done);
        let failure = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(failure.exit(), Exit::Failed);
    }

    #[test]
    fn client_errors_have_exit_codes() {
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
    fn ended_part_is_a_bug() {
        let ended = Ended {
            part: "hub",
            reason: "it panicked: 7".to_owned(),
        };
        let failure = Failure::of_server(&ServeError::Ended(ended), true);
        assert_eq!(failure.exit(), Exit::Internal);
        let expected = format!("error: the hub of the server ended: it panicked: 7\nhint: {BUG}\n");
        assert_eq!(text(&failure), expected);
    }

    #[test]
    fn full_disk_is_not_damage() {
        let full = || io::Error::new(io::ErrorKind::StorageFull, "no space left");
        let at_start = StoreError::OutOfSpace(OutOfSpace {
            dir: "/srv/cairn".into(),
            source: full(),
        });
        let expected =
            format!("error: the data directory /srv/cairn: no space left\nhint: {FULL}\n");
        assert_eq!(
            text(&Failure::of_server(&ServeError::Store(at_start), false)),
            expected
        );
        let compaction = ServeError::Store(StoreError::Compaction(full()));
        assert!(text(&Failure::of_server(&compaction, true)).ends_with(&format!("hint: {FULL}\n")));
        let other = ServeError::Store(StoreError::Compaction(
            io::ErrorKind::PermissionDenied.into(),
        ));
        assert!(!text(&Failure::of_server(&other, false)).contains(FULL));
    }

    #[test]
    fn every_refusal_has_a_hint() {
        for &code in ErrorCode::ALL {
            let said = text(&ClientError::Refused(code).into());
            assert!(said.contains("\nhint: "), "{code:?} has no hint: {said}");
        }
        assert_eq!(
            text(&ClientError::Refused(ErrorCode::Other(900)).into())
                .lines()
                .count(),
            1
        );
    }

    #[test]
    fn locked_directory_differs_from_failed_storage() {
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
        let attachments = ServeError::Attachments(io::ErrorKind::PermissionDenied.into());
        assert_eq!(
            Failure::of_server(&attachments, false).exit(),
            Exit::DataUnusable
        );
        for first in [
            ServeError::BeginEpoch(ErrorCode::StorageFailed),
            ServeError::OwnerInvite(ErrorCode::StorageFailed),
        ] {
            assert_eq!(
                Failure::of_server(&first, false).exit(),
                Exit::StorageFailed,
                "the first commit fails"
            );
        }
        let expected = "error: the data directory /srv/cairn is in use by another server (process \
            7)\n\
                        hint: stop that server, or give this one a directory of its own with \
                           --data\n";
        assert_eq!(text(&Failure::of_server(&held(), false)), expected);
    }
}
