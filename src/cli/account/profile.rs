//! The profile of this device: its account, in a file that only the user can read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use cairn_client::Account;
use etcetera::BaseStrategy as _;

use crate::cli::failure::{Exit, Failure};

const FILE_NAME: &str = "profile.json";

/// The folder of a profile.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    dir: PathBuf,
}

impl Profile {
    /// Returns the given folder, or `cairn` in the configuration folder of the user.
    pub(crate) fn locate(given: Option<&Path>) -> Result<Self, Failure> {
        let dir = match given {
            Some(dir) => dir.to_owned(),
            None => {
                let base = etcetera::choose_base_strategy().map_err(|error| {
                    Failure::caused(
                        Exit::Failed,
                        "cannot find your configuration folder",
                        &error,
                    )
                    .hint("name a folder with --profile DIR")
                })?;
                base.config_dir().join("cairn")
            }
        };
        Ok(Self { dir })
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn path(&self) -> PathBuf {
        self.dir.join(FILE_NAME)
    }

    /// Returns the account, if this device has logged in.
    pub(crate) fn load(&self) -> Result<Option<Account>, Failure> {
        let path = self.path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Failure::caused(
                    Exit::Failed,
                    format!("cannot read the profile {}", path.display()),
                    &error,
                ));
            }
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            Failure::caused(
                Exit::NoSession,
                format!("the profile {} is damaged", path.display()),
                &error,
            )
            .hint("remove it, and log in again with `cairn login`")
        })
    }

    /// Returns the account of a device that must have logged in.
    pub(crate) fn account(&self) -> Result<Account, Failure> {
        self.load()?.ok_or_else(|| {
            let dir = self.dir.display();
            Failure::new(
                Exit::NoSession,
                format!("not logged in: there is no profile in {dir}"),
            )
            .hint(
                "join with an invite link, `cairn join 'cairn://…' --name NAME`, or name \
                    another folder with --profile DIR",
            )
        })
    }

    /// Checks that an account can be stored here, before an invite is used up for it.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        create_private_dir(&self.dir)
            .and_then(|()| tempfile_in(&self.dir))
            .and_then(|(path, _)| fs::remove_file(path))
            .map_err(|error| {
                Failure::caused(
                    Exit::Failed,
                    format!("cannot write to the profile folder {}", self.dir.display()),
                    &error,
                )
            })
    }

    /// Stores the account, replacing an older one.
    pub(crate) fn save(&self, account: &Account) -> Result<(), Failure> {
        let write = || -> io::Result<()> {
            create_private_dir(&self.dir)?;
            let (temporary, mut file) = tempfile_in(&self.dir)?;
            serde_json::to_writer_pretty(&mut file, account)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(temporary, self.path())
        };
        write().map_err(|error| {
            Failure::caused(
                Exit::Failed,
                format!("cannot store the profile {}", self.path().display()),
                &error,
            )
        })
    }

    /// Refuses to overwrite another account.
    pub(crate) fn taken_by(&self, account: &Account) -> Failure {
        let headline = format!(
            "{} already holds the profile of {} at {}",
            self.dir.display(),
            account.name,
            account.addr
        );
        Failure::new(Exit::Failed, headline).hint(format!(
            "name another folder with --profile DIR, or move {} away",
            self.path().display()
        ))
    }
}

pub(crate) fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir)
}

/// Creates a file for this process that only its owner can ever read.
fn tempfile_in(dir: &Path) -> io::Result<(PathBuf, fs::File)> {
    let path = dir.join(format!(".{FILE_NAME}.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(&path)?;
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::ids::{DeviceId, UserId};
    use cairn_proto::invite::ServerAddr;
    use cairn_proto::secret::{DeviceToken, Pin};
    use cairn_proto::text::UserName;

    fn account() -> Account {
        Account {
            addr: ServerAddr::new("127.0.0.1", 7766),
            pin: Pin::new([1; 32]),
            token: DeviceToken::new([2; 32]),
            user: UserId::new(7),
            name: UserName::new("ada").unwrap(),
            device: DeviceId::new(3),
        }
    }

    #[test]
    fn account_is_stored_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::locate(Some(&dir.path().join("a/b"))).unwrap();
        assert!(profile.load().unwrap().is_none());
        assert_eq!(profile.account().unwrap_err().exit(), Exit::NoSession);
        profile.prepare().unwrap();
        profile.save(&account()).unwrap();
        assert_eq!(profile.account().unwrap(), account());
        assert_eq!(
            fs::read_dir(&profile.dir).unwrap().count(),
            1,
            "no temporary file is left"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&profile.dir), mode(&profile.path())), (0o700, 0o600));
        }
    }

    #[test]
    fn damaged_profile_is_no_session() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE_NAME), "{").unwrap();
        let profile = Profile::locate(Some(dir.path())).unwrap();
        assert_eq!(profile.load().unwrap_err().exit(), Exit::NoSession);
    }
}
