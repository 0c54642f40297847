//! Who the visitor is, and what they have not said yet, in a file that only they can read.
//!
//! A message is on disk before it is sent, under its number on a named send stream, and leaves the
//! file once it is accepted. So a process that is killed at any moment says it once: the next one
//! sends it again under its number.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use cairn_client::{DeskLink, Visit};
use cairn_proto::ids::{ClientSeq, SendStreamId};
use cairn_proto::secret::VisitorToken;
use serde::{Deserialize, Serialize};

use crate::cli::account::profile::Profile;
use crate::cli::failure::{Exit, Failure};

/// The folder in the profile, with a file for each link.
const FOLDER: &str = "visitors";

/// The named send stream of the visitor. The process that has the lock uses it.
const STREAM: u64 = 1;

/// Messages that wait at most, for instance while there is no connection.
const UNSENT_MAX: usize = 1_000;

/// What is on disk.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    token: String,
    /// The number of the next message.
    next_seq: u64,
    unsent: Vec<Unsent>,
}

/// A message that was not accepted yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unsent {
    pub(super) seq: u64,
    pub(super) text: String,
}

/// The visitor on disk.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    stored: Stored,
    token: VisitorToken,
    /// Held as long as this is the process that says things. `None` if another one has it.
    lock: Option<File>,
}

impl Place {
    /// Opens the file of this link, or creates it with a new token.
    pub(super) fn open(
        given: Option<&Path>,
        link: &DeskLink,
        profile: &Profile,
    ) -> Result<Self, Failure> {
        let path = match given {
            Some(path) => path.to_owned(),
            None => default_path(link, profile)?,
        };
        Self::open_at(path.clone()).map_err(|error| {
            let headline = format!("cannot use the visitor's file {}", path.display());
            let failure = Failure::caused(Exit::Failed, headline, &error);
            match error.kind() {
                io::ErrorKind::InvalidData => failure
                    .hint("it is damaged: remove it, and the next visit is that of a new visitor"),
                _ => failure.hint("name another file with --token-file"),
            }
        })
    }

    fn open_at(path: PathBuf) -> io::Result<Self> {
        let lock_path = with_suffix(&path, ".lock");
        let lock = private()
            .create(true)
            .truncate(false)
            .write(true)
            .open(lock_path)?;
        let lock = match lock.try_lock() {
            Ok(()) => Some(lock),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => return Err(error),
        };
        // The file appears with its whole content. Of two first visits at once, one wins.
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let draft = with_suffix(&path, &format!(".{}", std::process::id()));
                let new = Stored {
                    token: Visit::new_token().reveal(),
                    next_seq: 1,
                    unsent: Vec::new(),
                };
                write(&draft, &new)?;
                let linked = fs::hard_link(&draft, &path);
                fs::remove_file(&draft)?;
                match linked {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(error);
                    }
                    _ => fs::read(&path)?,
                }
            }
            read => read?,
        };
        let damaged = |error: &dyn std::error::Error| {
            io::Error::new(io::ErrorKind::InvalidData, error.to_string())
        };
        let stored: Stored = serde_json::from_slice(&bytes).map_err(|error| damaged(&error))?;
        let token = stored.token.parse().map_err(|error| damaged(&error))?;
        Ok(Self {
            path,
            stored,
            token,
            lock,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn token(&self) -> VisitorToken {
        self.token
    }

    /// Returns whether another process is this visitor and has the lock.
    pub(super) const fn is_shared(&self) -> bool {
        self.lock.is_none()
    }

    /// The send stream to continue: that of the file, or a new one without the lock.
    pub(super) fn stream(&self) -> Option<SendStreamId> {
        match self.is_shared() {
            true => None,
            false => SendStreamId::named(STREAM),
        }
    }

    /// The messages that were not accepted yet, the oldest first.
    pub(super) fn unsent(&self) -> Vec<Unsent> {
        match self.is_shared() {
            true => Vec::new(),
            false => self.stored.unsent.clone(),
        }
    }

    /// Keeps a message until it is accepted, and returns its number.
    pub(super) fn keep(&mut self, text: &str) -> Result<ClientSeq, Failure> {
        if self.stored.unsent.len() >= UNSENT_MAX {
            let headline = format!("{UNSENT_MAX} messages are waiting to be accepted");
            return Err(Failure::new(Exit::Failed, headline)
                .hint("run the command again when the server can be reached"));
        }
        let seq = self.stored.next_seq;
        self.stored.next_seq += 1;
        self.stored.unsent.push(Unsent {
            seq,
            text: text.to_owned(),
        });
        self.save()?;
        Ok(ClientSeq::new(seq))
    }

    /// Handles that a message was accepted, or refused for good.
    pub(super) fn settled(&mut self, seq: ClientSeq) -> Result<(), Failure> {
        self.stored.unsent.retain(|unsent| unsent.seq != seq.get());
        self.save()
    }

    fn save(&self) -> Result<(), Failure> {
        if self.is_shared() {
            return Ok(());
        }
        let draft = with_suffix(&self.path, ".new");
        write(&draft, &self.stored)
            .and_then(|()| fs::rename(&draft, &self.path))
            .map_err(|error| {
                let headline = format!("cannot write the visitor's file {}", self.path.display());
                Failure::caused(Exit::Failed, headline, &error).hint("nothing was sent")
            })
    }
}

/// The file of a link in the profile folder.
fn default_path(link: &DeskLink, profile: &Profile) -> Result<PathBuf, Failure> {
    let folder = profile.dir().join(FOLDER);
    crate::cli::account::profile::create_private_dir(&folder).map_err(|error| {
        let headline = format!("cannot create the folder {}", folder.display());
        Failure::caused(Exit::Failed, headline, &error).hint("name a file with --token-file")
    })?;
    let host: String = link
        .addr
        .to_string()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '_'
            }
        })
        .collect();
    // The same visitor whatever link of the server they open: only the key may be renewed.
    let pin = link.pin.to_string();
    Ok(folder.join(format!("{host}-{}.json", pin.get(..12).unwrap_or_default())))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// Options of files that only their owner can ever read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

fn write(path: &Path, stored: &Stored) -> io::Result<()> {
    let mut file = private()
        .create(true)
        .truncate(true)
        .write(true)
        .open(path)?;
    serde_json::to_writer_pretty(&mut file, stored)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path) -> Place {
        Place::open_at(dir.join("visitor.json")).unwrap()
    }

    #[test]
    fn second_run_is_the_same_visitor() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = open(dir.path());
        let token = first.token();
        let seq = first.keep("where is it?").unwrap();
        drop(first);
        let mut second = open(dir.path());
        assert_eq!((second.token(), second.unsent().len()), (token, 1));
        assert_eq!(second.unsent()[0].text, "where is it?");
        second.settled(seq).unwrap();
        let next = second.keep("hello?").unwrap();
        assert!(next > seq, "numbers are not used twice");
        drop(second);
        assert_eq!(open(dir.path()).unsent().len(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            for entry in fs::read_dir(dir.path()).unwrap() {
                let mode = entry.unwrap().metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600);
            }
        }
    }

    #[test]
    fn two_processes_are_one_visitor_on_two_streams() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = open(dir.path());
        let mut second = open(dir.path());
        assert_eq!(first.token(), second.token());
        assert!(!first.is_shared() && second.is_shared());
        assert!(first.stream().is_some() && second.stream().is_none());
        first.keep("one").unwrap();
        second.keep("two").unwrap();
        drop((first, second));
        let unsent = open(dir.path()).unsent();
        assert_eq!(unsent.len(), 1, "only who has the lock writes");
    }

    #[test]
    fn damaged_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("visitor.json"), "{").unwrap();
        let error = Place::open_at(dir.path().join("visitor.json")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
