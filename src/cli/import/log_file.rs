//! The files of an import, and their entries.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use cairn_proto::content::body::Body;
use cairn_proto::ids::ImportSource;
use cairn_proto::text::Text;
use cairn_proto::wire::request::message::ImportEntry;
use xxhash_rust::xxh3::Xxh3;

use super::day::Day;
use super::irc_line::{IrcLine, Spoken};
use super::nick;
use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;

/// A log of one day.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    day: Day,
    source: ImportSource,
}

/// Returns the files to import, in the order of their names.
pub(super) fn find(paths: &[PathBuf], day: Option<Day>) -> Result<Vec<LogFile>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
        if !metadata.is_dir() {
            files.push(LogFile::open(path.clone(), day)?);
            continue;
        }
        let before = files.len();
        for entry in fs::read_dir(path).map_err(|error| cannot_read(path, &error))? {
            let path = entry.map_err(|error| cannot_read(path, &error))?.path();
            if path.is_file() && Day::in_name(&name_of(&path)).is_some() {
                files.push(LogFile::open(path, None)?);
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

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    Failure::caused(
        Exit::Failed,
        format!("cannot read {}", path.display()),
        error,
    )
}

impl LogFile {
    fn open(path: PathBuf, day: Option<Day>) -> Result<Self, Failure> {
        let day = Day::in_name(&name_of(&path)).or(day).ok_or_else(|| {
            let headline = format!("the name of {} contains no day", path.display());
            Failure::new(Exit::Failed, headline).hint("say which day it is, with --date YYYY-MM-DD")
        })?;
        let source = source_of(&path).map_err(|error| cannot_read(&path, &error))?;
        Ok(Self { path, day, source })
    }

    /// Returns the identity of the file.
    pub(super) const fn source(&self) -> ImportSource {
        self.source
    }

    pub(super) fn entries(&self) -> Result<Entries<'_>, Failure> {
        let input = File::open(&self.path).map_err(|error| cannot_read(&self.path, &error))?;
        let input = BufReader::with_capacity(limits::IO_BYTES, input);
        Ok(Entries {
            file: self,
            input,
            line: Vec::new(),
            lines: 0,
            messages: 0,
            emotes: 0,
            joins: 0,
            others: 0,
            repaired: 0,
        })
    }
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

/// The entries of a file, and the number of lines of each kind.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    file: &'a LogFile,
    input: BufReader<File>,
    line: Vec<u8>,
    lines: u64,
    messages: u64,
    emotes: u64,
    joins: u64,
    others: u64,
    repaired: u64,
}

impl Entries<'_> {
    /// Returns the next entry; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<ImportEntry>, Failure> {
        loop {
            self.line.clear();
            let bytes = self
                .input
                .read_until(b'\n', &mut self.line)
                .map_err(|error| cannot_read(&self.file.path, &error))?;
            if bytes == 0 {
                return Ok(None);
            }
            self.lines += 1;
            let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            let (said, body): (_, fn(Text) -> Body) = match IrcLine::parse(line) {
                IrcLine::Message(said) => {
                    self.messages += 1;
                    (said, Body::Text)
                }
                IrcLine::Emote(said) => {
                    self.emotes += 1;
                    (said, Body::Emote)
                }
                IrcLine::Join => {
                    self.joins += 1;
                    continue;
                }
                IrcLine::Other => {
                    self.others += 1;
                    continue;
                }
            };
            self.repaired += u64::from(std::str::from_utf8(said.text).is_err());
            return self.entry(said, body).map(Some);
        }
    }

    fn entry(&self, said: Spoken<'_>, body: fn(Text) -> Body) -> Result<ImportEntry, Failure> {
        let refused = |why: &str| {
            let headline = format!(
                "line {} of {} cannot be imported: {why}",
                self.lines,
                self.file.path.display()
            );
            Failure::new(Exit::Failed, headline)
                .hint("the lines before it were imported; mend it and import again")
        };
        let text = Text::new(String::from_utf8_lossy(said.text))
            .map_err(|error| refused(&error.to_string()))?;
        let sender = nick::user_name(said.nick).ok_or_else(|| refused("it has no nick"))?;
        Ok(ImportEntry {
            sender,
            sent_at: self.file.day.at(said.minute),
            body: body(text),
        })
    }

    /// Lines with a message.
    pub(super) const fn messages(&self) -> u64 {
        self.messages
    }

    /// Lines with an action.
    pub(super) const fn emotes(&self) -> u64 {
        self.emotes
    }

    /// Joins, parts and renames.
    pub(super) const fn joins(&self) -> u64 {
        self.joins
    }

    /// All other lines.
    pub(super) const fn others(&self) -> u64 {
        self.others
    }

    /// Texts that are not UTF-8.
    pub(super) const fn repaired(&self) -> u64 {
        self.repaired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] = b"[09:14] <ada> one\n=== bob has joined\n[09:15]  * bob \
        waves\nnoise\n[09:16] <ada> caf\xe9\n[09:17] <ada> ";

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        files
            .iter()
            .for_each(|(name, bytes)| fs::write(dir.path().join(name), bytes).unwrap());
        dir
    }

    fn names(files: &[LogFile]) -> Vec<String> {
        files
            .iter()
            .map(|file| name_of(&file.path).into_owned())
            .collect()
    }

    #[test]
    fn entries_are_parsed_and_counted() {
        let dir = folder(&[("2004-12-25.txt", LOG)]);
        let files = find(&[dir.path().to_owned()], None).unwrap();
        let mut entries = files[0].entries().unwrap();
        let mut found = Vec::new();
        while let Some(entry) = entries.next().unwrap() {
            found.push((
                entry.sender.to_string(),
                entry.sent_at.get() % 86_400_000 / 60_000,
                entry.body,
            ));
        }
        let text = |raw: &str| Text::new(raw).unwrap();
        let expected = [
            ("ada", 554, Body::Text(text("one"))),
            ("bob", 555, Body::Emote(text("waves"))),
            ("ada", 556, Body::Text(text("caf\u{fffd}"))),
            ("ada", 557, Body::Text(text(""))),
        ];
        assert_eq!(
            found,
            expected.map(|(name, minute, body)| (name.to_owned(), minute, body))
        );
        let counts = (
            entries.messages(),
            entries.emotes(),
            entries.joins(),
            entries.others(),
            entries.repaired(),
        );
        assert_eq!(counts, (3, 1, 1, 1, 1));
    }

    #[test]
    fn files_are_found_by_their_names() {
        let dir = folder(&[
            ("b 2004-12-26.log", b""),
            ("a 2004-12-27.log", b""),
            ("README.md", b""),
            ("notes.txt", b""),
        ]);
        let files = find(&[dir.path().to_owned()], None).unwrap();
        assert_eq!(names(&files), ["a 2004-12-27.log", "b 2004-12-26.log"]);
        let twice = find(
            &[dir.path().to_owned(), dir.path().join("a 2004-12-27.log")],
            None,
        )
        .unwrap();
        assert_eq!(names(&twice).len(), 2);
    }

    #[test]
    fn file_without_a_day_needs_one() {
        let dir = folder(&[("today.log", LOG)]);
        let path = [dir.path().join("today.log")];
        assert_eq!(find(&path, None).unwrap_err().exit(), Exit::Failed);
        assert_eq!(find(&path, "2004-12-25".parse().ok()).unwrap().len(), 1);
        assert!(
            find(&[dir.path().to_owned()], "2004-12-25".parse().ok()).is_err(),
            "one day cannot be that of a whole folder"
        );
    }

    #[test]
    fn identity_survives_moves_and_growth() {
        let grown = [LOG, b"\n[09:18] <ada> more\n"].concat();
        let (old, new) = (
            folder(&[("2004-12-25.txt", LOG)]),
            folder(&[("2004-12-25.txt", &grown), ("2004-12-26.txt", LOG)]),
        );
        let sources = |dir: &tempfile::TempDir| -> Vec<ImportSource> {
            find(&[dir.path().to_owned()], None)
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
