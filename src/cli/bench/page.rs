//! The report file of `cairn bench --report`: checked before the run, replaced atomically after it.

use std::fmt::Display;
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::failure::{Exit, Failure};

/// A reserved path for a report. Dropped without a report, it leaves nothing.
#[derive(Debug)]
pub(crate) struct PageFile {
    path: PathBuf,
    /// In the folder of `path`, so that a rename can replace it.
    draft: NamedTempFile,
}

impl PageFile {
    /// Checks that a report can be written there.
    pub(crate) fn reserve(path: PathBuf) -> Result<Self, Failure> {
        let cannot = |error: &io::Error| Self::cannot(&path, error);
        // Folders, devices and the like must not be replaced.
        if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(cannot(&io::Error::other("it is not a file")));
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        fs::metadata(folder).map_err(|error| cannot(&error))?;
        let mut draft = tempfile::Builder::new();
        draft.prefix(".cairn-report-").suffix(".html");
        readable_by_others(&mut draft);
        // The error would name the temporary file, which the user does not know, so only its kind
        // is used.
        let draft = draft
            .tempfile_in(folder)
            .map_err(|error| cannot(&error.kind().into()))?;
        Ok(Self { path, draft })
    }

    /// Writes the report, replacing an older one. Returns its path.
    pub(crate) fn write(self, page: &impl Display) -> Result<PathBuf, Failure> {
        let Self { path, draft } = self;
        let mut writer = BufWriter::new(draft.as_file());
        let written = write!(writer, "{page}").and_then(|()| writer.flush());
        drop(writer);
        match written.and_then(|()| draft.persist(&path).map_err(|failed| failed.error)) {
            Ok(_) => Ok(path),
            Err(error) => Err(Self::cannot(&path, &error)),
        }
    }

    fn cannot(path: &Path, error: &io::Error) -> Failure {
        let failure = Failure::caused(
            Exit::Failed,
            format_args!("cannot write the report {}", path.display()),
            error,
        );
        failure.hint("name a file in a folder that you may write to")
    }
}

/// A report is public: the draft gets the permissions of any new file.
fn readable_by_others(draft: &mut tempfile::Builder<'_, '_>) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        draft.permissions(fs::Permissions::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = draft;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn page_replaces_an_older_one_atomically() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        fs::write(&path, "old").unwrap();
        let page = PageFile::reserve(path.clone()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(page.write(&"new").unwrap(), path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["report.html"]);
    }

    #[test]
    fn failed_run_leaves_no_page() {
        let folder = tempfile::tempdir().unwrap();
        drop(PageFile::reserve(folder.path().join("report.html")).unwrap());
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn unwritable_path_fails_before_the_run() {
        let folder = tempfile::tempdir().unwrap();
        assert!(PageFile::reserve(folder.path().join("missing").join("report.html")).is_err());
        assert!(PageFile::reserve(folder.path().to_owned()).is_err());
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn page_has_permissions_of_a_new_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        fs::write(folder.path().join("other"), "").unwrap();
        let path = PageFile::reserve(folder.path().join("report.html"))
            .unwrap()
            .write(&"page")
            .unwrap();
        assert_eq!(mode(&path), mode(&folder.path().join("other")));
    }
}
