//! Why a command failed, in the words of the person who typed it. The one place where errors become a headline, a chain of causes, a hint
//! and an exit code.

mod exit;

use std::error::Error as StdError;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use cairn_client::Error as ClientError;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;

pub(crate) use self::exit::{Exit, HELP};
use crate::ui::sanitize::Clean;
use cairn_server::run::ServeError;
use cairn_store::StoreError;
use cairn_store::check::doctor::DoctorError;
use cairn_store::files::disk_reserve;
use cairn_store::files::lock::LockError;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reader of the output went away: that is how `| head` ends.
    BrokenPipe,
    /// Ctrl-C.
    Interrupted,
    /// Anything that people must be told.
    Told(Box<Told>),
}

/// What people are told.
#[derive(Debug)]
pub(crate) struct Told {
    exit: Exit,
    headline: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure without a cause beneath it.
    pub(crate) fn new(exit: Exit, headline: impl Display) -> Self {
        Self::Told(Box::new(Told {
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
        Self::Told(Box::new(Told {
            exit,
            headline,
            causes,
            hint: None,
        }))
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        if let Self::Told(told) = &mut self {
            told.hint = Some(hint.to_string());
        }
        self
    }

    /// How the process ends.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::BrokenPipe => Exit::Done,
            Self::Interrupted => Exit::Interrupted,
            Self::Told(told) => told.exit,
        }
    }

    /// Tells people, on standard error.
    pub(crate) fn report(&self) {
        let Self::Told(told) = self else { return };
        let stderr = io::stderr();
        let is_coloured = stderr.is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        // Nobody is left to be told when this fails.
        let _ = stderr.lock().write_all(told.text(is_coloured).as_bytes());
    }
}

impl Told {
    fn text(&self, is_coloured: bool) -> String {
        let mut text = String::new();
        let mut line = |label: &str, colour: &str, said: &str| {
            let said = Clean(said);
            text.push_str(&match is_coloured {
                true => format!("\u{1b}[1;{colour}m{label}:\u{1b}[0m {said}\n"),
                false => format!("{label}: {said}\n"),
            });
        };
        line("error", "31", &self.headline);
        self.causes
            .iter()
            .for_each(|cause| line("caused by", "33", cause));
        self.hint.iter().for_each(|hint| line("hint", "36", hint));
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

fn hint_for(error: &ClientError) -> Option<&'static str> {
    let (ClientError::LoginRefused { code, .. } | ClientError::Refused(code)) = error else {
        return None;
    };
    hint_for_code(*code)
}

/// What to do when the server refuses with this code. Only of one that a later version introduced nothing is known.
pub(crate) fn hint_for_code(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::BadRequest => {
            "the limits are in docs/OPERATING.md; within them, this is a fault of cairn: please report it"
        }
        ErrorCode::Unsupported => {
            "the server is older than this command: its operator can update it"
        }
        ErrorCode::AuthFailed => {
            "check name and password; a device that was revoked logs in again with `cairn login`"
        }
        ErrorCode::BadInvite => {
            "ask for a new link: any owner or admin makes one with `cairn invite`"
        }
        ErrorCode::NameTaken => "pick another name, or log in as that user with `cairn login`",
        ErrorCode::NotFound => "`cairn list` shows your conversations",
        ErrorCode::Forbidden => "an owner or an admin can do it, or give you the role",
        ErrorCode::NoSuchUser => "names are compared to the letter",
        ErrorCode::BadCursor => "`cairn list --json` shows the head of each conversation",
        ErrorCode::SeqConflict | ErrorCode::RetryTooOld | ErrorCode::ImportGap => {
            "nothing was stored twice; run the command again"
        }
        ErrorCode::EmptyMessage => "say something, or send a file with `cairn send --file`",
        ErrorCode::LimitReached => {
            "docs/OPERATING.md lists the limits, `cairn config list` those that the owner of the server can change"
        }
        ErrorCode::RateLimited => "try again in a minute",
        ErrorCode::LastOwner => {
            "make somebody else an owner first: `cairn group hand-over` or `cairn group role`, for the server `cairn users role`"
        }
        ErrorCode::StorageFailed | ErrorCode::TransferFailed => {
            "nothing was accepted; send it again when the server is well"
        }
        ErrorCode::NoSuchDevice => "`cairn devices` lists your devices",
        ErrorCode::Damaged => {
            "the server's operator stops it and runs `cairn doctor --data DIR`, which names what is damaged"
        }
        ErrorCode::NoSuchMessage => {
            "`cairn tail` shows the messages with --json, each with its msgid"
        }
        ErrorCode::TooLate => {
            "an owner or an admin of the group can recall it; `cairn config get amend-minutes` shows for how long its sender can change it"
        }
        ErrorCode::Banned => "an owner or an admin lifts it with `cairn group unban`",
        ErrorCode::Muted => "an owner or an admin lifts it with `cairn group mute --off`",
        ErrorCode::NoMember => "`cairn group members` lists the members",
        ErrorCode::BadSetting => "`cairn config list` shows the settings and what they take",
        ErrorCode::NotAsked => "ask first, with `cairn friend ask`",
        ErrorCode::Blocked => "`cairn unblock` ends that",
        ErrorCode::DiskFull => "nothing was accepted; try again when there is room",
        ErrorCode::FriendsOnly => "ask first, with `cairn friend ask`",
        ErrorCode::TurnedOff => "`cairn config list` shows what the owner of the server has set",
        ErrorCode::NoSuchAttachment => "the message may have been recalled, or may name no file",
        ErrorCode::AttachmentTooLarge => {
            "`cairn config get attachment-bytes-max` shows how large a file may be"
        }
        ErrorCode::QuotaReached => {
            "recall messages with files that nobody needs; the room is free again a while later"
        }
        ErrorCode::WrongHash | ErrorCode::WrongSize => {
            "the file changed while it was sent: send it again when it is at rest"
        }
        ErrorCode::BadOffset => {
            "what has arrived is longer than the file: remove the .part file and fetch it again"
        }
        ErrorCode::TooManyTransfers => "wait until another transfer has ended, then try again",
        ErrorCode::Expired => "`cairn retention` shows how long messages of a conversation stay",
        ErrorCode::RetentionBounds => {
            "`cairn config list` shows the bounds: retention-shortest and retention-longest"
        }
        ErrorCode::TooFarBack => {
            "begin with a newer message: at most 1,000 messages can be marked as unread at once"
        }
        _ => return None,
    })
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
        let Failure::Told(told) = failure else {
            panic!("{failure:?} is told to nobody")
        };
        told.text(false)
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
