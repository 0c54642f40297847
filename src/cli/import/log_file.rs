//! The files of an import.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use cairn_proto::ids::ImportSource;
use jiff::tz::TimeZone;
use xxhash_rust::xxh3::Xxh3;

use super::day::Day;
use super::encoding::Legacy;
use super::entries::Entries;
use super::format::{Clock, Format};
use super::log_lines::Lines;
use super::scan::{Scan, scan};
use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;

/// A log.
#[derive(Debug)]
pub(super) struct LogFile {
    pub(super) path: PathBuf,
    day: Option<Day>,
    source: ImportSource,
    pub(super) scan: Scan,
}

/// How to read logs. What is not given is guessed for each file.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// The day of a log that does not tell it.
    pub(super) day: Option<Day>,
    pub(super) format: Option<Format>,
    pub(super) legacy: Option<Legacy>,
    pub(super) zone: TimeZone,
}

/// Returns the files to import, in the order of their names. All of them are read once, so that
/// nothing is imported if one of them is not a log.
pub(super) fn find(paths: &[PathBuf], reading: &Reading) -> Result<Vec<LogFile>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
        if !metadata.is_dir() {
            files.push(LogFile::open(path.clone(), reading)?);
            continue;
        }
        let before = files.len();
        let in_folder = Reading {
            day: None,
            ..reading.clone()
        };
        for entry in fs::read_dir(path).map_err(|error| cannot_read(path, &error))? {
            let path = entry.map_err(|error| cannot_read(path, &error))?.path();
            if path.is_file() && Day::in_name(&name_of(&path)).is_some() {
                files.push(LogFile::open(path, &in_folder)?);
            }
        }
        if files.len() == before {
            let headline = format!("no file in {} has a day in its name", path.display());
            return Err(Failure::new(Exit::Failed, headline)
                .hint("name the files themselves, one day each, with --date YYYY-MM-DD"));
        }
    }
    files.sort_by(|a, b| (name_of(&a.path), &a.path).cmp(&(name_of(&b.path), &b.path)));
    files.dedup_by(|a, b| a.path == b.path);
    Ok(files)
}

fn name_of(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    Failure::caused(
        Exit::Failed,
        format!("cannot read {}", path.display()),
        error,
    )
}

impl LogFile {
    fn open(path: PathBuf, reading: &Reading) -> Result<Self, Failure> {
        let failed = |error: &io::Error| cannot_read(&path, error);
        let is_file = fs::metadata(&path)
            .map_err(|error| failed(&error))?
            .is_file();
        if !is_file {
            let headline = format!("{} is not a file", path.display());
            return Err(Failure::new(Exit::Failed, headline)
                .hint("logs are read twice: save it as a file first"));
        }
        let source = source_of(&path).map_err(|error| failed(&error))?;
        let scan = scan(&path, reading.format, reading.legacy).map_err(|error| failed(&error))?;
        check_understood(&path, &scan)?;
        let day = Day::in_name(&name_of(&path)).or(reading.day);
        if day.is_none() && !scan.has_days && scan.understood > 0 {
            let headline = format!("neither {} nor its name tells the day", path.display());
            return Err(Failure::new(Exit::Failed, headline)
                .hint("say which day it is, with --date YYYY-MM-DD"));
        }
        Ok(Self {
            path,
            day,
            source,
            scan,
        })
    }

    /// Returns the identity of the file.
    pub(super) const fn source(&self) -> ImportSource {
        self.source
    }

    pub(super) fn entries(&self, zone: &TimeZone) -> Result<Entries<'_>, Failure> {
        let input = File::open(&self.path).map_err(|error| cannot_read(&self.path, &error))?;
        let input = BufReader::with_capacity(limits::IO_BYTES, input);
        let day = self.day.map(|Day(date)| date);
        let clock = Clock::new(day, zone.clone());
        Ok(Entries::new(self, Lines::new(input), clock))
    }
}

/// Refuses a file of which most lines are not of its format.
fn check_understood(path: &Path, scan: &Scan) -> Result<(), Failure> {
    let Some((number, line)) = &scan.first_other else {
        return Ok(());
    };
    if scan.understood * 2 >= scan.lines {
        return Ok(());
    }
    let (path, understood, lines) = (path.display(), scan.understood, scan.lines);
    let headline = match understood {
        0 => format!("{path} is not an IRC log in a format that cairn knows"),
        _ => format!(
            "only {understood} of {lines} lines of {path} are of the format {}",
            scan.format.name()
        ),
    };
    Err(Failure::new(Exit::Failed, headline).hint(format!(
        "line {number} is the first that is not: {line:?}; --format tells which program wrote it"
    )))
}

/// Hashes the file name, a zero byte, and the first line with its end, so that the identity does
/// not depend on the folder or on the growth of the log.
fn source_of(path: &Path) -> io::Result<ImportSource> {
    let mut first = Vec::new();
    BufReader::new(File::open(path)?).read_until(b'\n', &mut first)?;
    let mut hash = Xxh3::new();
    hash.update(name_of(path).as_bytes());
    hash.update(&[0]);
    hash.update(&first);
    Ok(ImportSource::new(hash.digest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] = b"[09:14] <ada> one\n=== bob has joined #x\n";

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        files
            .iter()
            .for_each(|(name, bytes)| fs::write(dir.path().join(name), bytes).unwrap());
        dir
    }

    fn reading(day: Option<&str>) -> Reading {
        Reading {
            day: day.map(|day| day.parse().unwrap()),
            format: None,
            legacy: None,
            zone: TimeZone::UTC,
        }
    }

    fn names(files: &[LogFile]) -> Vec<String> {
        files
            .iter()
            .map(|file| name_of(&file.path).into_owned())
            .collect()
    }

    #[test]
    fn files_are_found_by_their_names() {
        let dir = folder(&[
            ("b 2004-12-26.log", b""),
            ("a 2004-12-27.log", b""),
            ("README.md", b""),
            ("notes.txt", b""),
        ]);
        let files = find(&[dir.path().to_owned()], &reading(None)).unwrap();
        assert_eq!(names(&files), ["a 2004-12-27.log", "b 2004-12-26.log"]);
        let twice = [dir.path().to_owned(), dir.path().join("a 2004-12-27.log")];
        assert_eq!(names(&find(&twice, &reading(None)).unwrap()).len(), 2);
    }

    #[test]
    fn file_without_a_day_needs_one() {
        let dir = folder(&[
            ("today.log", LOG),
            ("own.log", b"--- Log opened Sat Mar 09 23:58:00 2024\n"),
        ]);
        let path = [dir.path().join("today.log")];
        assert_eq!(
            find(&path, &reading(None)).unwrap_err().exit(),
            Exit::Failed
        );
        assert_eq!(find(&path, &reading(Some("2004-12-25"))).unwrap().len(), 1);
        let own = [dir.path().join("own.log")];
        assert_eq!(find(&own, &reading(None)).unwrap().len(), 1);
        assert!(
            find(&[dir.path().to_owned()], &reading(Some("2004-12-25"))).is_err(),
            "one day cannot be that of a whole folder"
        );
    }

    #[test]
    fn files_that_are_no_logs_are_refused() {
        let dir = folder(&[
            (
                "2004-12-25.md",
                b"# Notes\n\nnothing said\n[09:14] <ada> one\n",
            ),
            ("2004-12-26.log", b"noise\n[09:14] <ada> one\n"),
        ]);
        let path = [dir.path().join("2004-12-25.md")];
        let failure = find(&path, &reading(None)).unwrap_err();
        assert_eq!(failure.exit(), Exit::Failed);
        let shown = format!("{failure:?}");
        assert!(shown.contains("only 1 of 3 lines"), "{shown}");
        assert!(
            shown.contains("line 1 is the first that is not") && shown.contains("# Notes"),
            "{shown}"
        );
        let path = [dir.path().join("2004-12-26.log")];
        assert_eq!(find(&path, &reading(None)).unwrap()[0].scan.understood, 1);
    }

    #[test]
    fn identity_survives_moves_and_growth() {
        let grown = [LOG, b"\n[09:18] <ada> more\n"].concat();
        let (old, new) = (
            folder(&[("2004-12-25.txt", LOG)]),
            folder(&[("2004-12-25.txt", &grown), ("2004-12-26.txt", LOG)]),
        );
        let sources = |dir: &tempfile::TempDir| -> Vec<ImportSource> {
            find(&[dir.path().to_owned()], &reading(None))
                .unwrap()
                .iter()
                .map(LogFile::source)
                .collect()
        };
        let (old, new) = (sources(&old), sources(&new));
        assert_eq!(old[0], new[0]);
        assert_ne!(old[0], new[1]);
        assert_eq!(
            old[0],
            ImportSource::new(xxhash_rust::xxh3::xxh3_64(
                b"2004-12-25.txt\0[09:14] <ada> one\n"
            ))
        );
    }
}
