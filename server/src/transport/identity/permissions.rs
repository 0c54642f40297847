//! Permissions of the identity's files: the key lets its reader pose as the server.

use std::path::{Path, PathBuf};

use tracing::warn;

use super::{KEY_FILE, QUIC_SECRET_FILE, dir_of};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PermissionProblem {
    #[error("{} has the mode {mode:04o}, which other users may use", .path.display())]
    Exposed { path: PathBuf, mode: u32 },
    /// A server that runs as the owner of the data directory may be unable to read it.
    #[error(
        "{} belongs to the user id {found}, and the data directory to {expected}",
        .path.display()
    )]
    Owner {
        path: PathBuf,
        found: u32,
        expected: u32,
    },
}

/// Returns the problems with the permissions of the identity of a data directory. The next start of
/// the server makes exposed files private.
#[must_use]
pub fn permission_problems(data: &Path) -> Vec<PermissionProblem> {
    let mut problems = exposed(data);
    problems.extend(foreign(data));
    problems
}

/// Makes exposed files private, and logs each.
pub(super) fn narrow(data: &Path) {
    for problem in exposed(data) {
        match make_private(&problem) {
            Ok(()) => warn!("{problem}; it is private now"),
            Err(error) => warn!(%error, "{problem}; it cannot be made private"),
        }
    }
}

fn paths(data: &Path) -> [PathBuf; 3] {
    let dir = dir_of(data);
    [dir.join(KEY_FILE), dir.join(QUIC_SECRET_FILE), dir]
}

#[cfg(unix)]
mod of_system {
    use std::fs::{self, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::{Path, PermissionProblem, paths};

    /// The permission bits of the owner.
    const OWNER: u32 = 0o700;

    pub(super) fn exposed(data: &Path) -> Vec<PermissionProblem> {
        let modes = paths(data).into_iter().filter_map(|path| {
            let mode = fs::metadata(&path).ok()?.mode() & 0o7777;
            Some((path, mode))
        });
        modes
            .filter(|(_, mode)| mode & !OWNER != 0)
            .map(|(path, mode)| PermissionProblem::Exposed { path, mode })
            .collect()
    }

    pub(super) fn foreign(data: &Path) -> Vec<PermissionProblem> {
        let Ok(expected) = fs::metadata(data).map(|found| found.uid()) else {
            return Vec::new();
        };
        let owners = paths(data).into_iter().filter_map(|path| {
            let found = fs::metadata(&path).ok()?.uid();
            Some((path, found))
        });
        owners
            .filter(|(_, found)| *found != expected)
            .map(|(path, found)| PermissionProblem::Owner {
                path,
                found,
                expected,
            })
            .collect()
    }

    pub(super) fn make_private(problem: &PermissionProblem) -> io::Result<()> {
        match problem {
            PermissionProblem::Exposed { path, mode } => {
                fs::set_permissions(path, Permissions::from_mode(mode & OWNER))
            }
            PermissionProblem::Owner { .. } => Ok(()),
        }
    }
}

/// Files inherit the permissions of their folder.
#[cfg(not(unix))]
mod of_system {
    use super::{Path, PermissionProblem};

    pub(super) fn exposed(_: &Path) -> Vec<PermissionProblem> {
        Vec::new()
    }

    pub(super) fn foreign(_: &Path) -> Vec<PermissionProblem> {
        Vec::new()
    }

    pub(super) fn make_private(_: &PermissionProblem) -> std::io::Result<()> {
        Ok(())
    }
}

use of_system::{exposed, foreign, make_private};

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use cairn_store::disk::real::RealDisk;
    use cairn_store::files::directory_id::DirectoryId;

    use super::*;
    use crate::host::Random;
    use crate::transport::identity::Identity;

    const DIRECTORY: DirectoryId = DirectoryId::from_bytes([7; 16]);

    #[test]
    fn exposed_files_are_made_private() {
        let dir = tempfile::tempdir().unwrap();
        Identity::open(&RealDisk, &Random::System, dir.path(), DIRECTORY, true).unwrap();
        assert_eq!(permission_problems(dir.path()), []);
        for (path, mode) in paths(dir.path()).into_iter().zip([0o644, 0o660, 0o755]) {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        let problems = permission_problems(dir.path());
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(
            problems[0]
                .to_string()
                .contains("key.pem has the mode 0644")
        );
        Identity::open(&RealDisk, &Random::System, dir.path(), DIRECTORY, false).unwrap();
        let modes =
            paths(dir.path()).map(|path| fs::metadata(path).unwrap().permissions().mode() & 0o777);
        assert_eq!(modes, [0o600, 0o600, 0o700]);
    }
}
