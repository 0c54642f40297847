//! Files of `cairn send --file`: from a path to an attachment.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_client::{Client, Error, FileShape, TransferError, Uploaded, media_type, shown_name};
use cairn_proto::content::attachment::{Attachment, Media, Preview};
use cairn_proto::content::body::Body;
use cairn_proto::limits::PICTURE_SIDE_MAX;
use cairn_proto::text::{Caption, FileName};
use clap::{Args, ValueEnum};

use crate::cli::failure::{Exit, Failure, hint_for_code};
use crate::cli::files::picture::read_picture;
use crate::cli::files::upload_source::{Source, check_is_file};
use crate::ui::progress::Progress;

#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// Send this file, with TEXT as its caption. An interrupted upload resumes where it stopped
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,

    /// The name of the file in the message [default: its own name]
    #[arg(long, value_name = "NAME", requires = "file")]
    name: Option<FileName>,

    /// The kind of file [default: image or video for known formats, otherwise file]
    #[arg(long = "as", value_name = "KIND", requires = "file")]
    kind: Option<FileKind>,

    /// A small picture to show before the file is downloaded, up to 12 KiB [default: the picture
    /// itself if it is that small, or the small one that a camera added]
    #[arg(long, value_name = "PATH", requires = "file")]
    preview: Option<PathBuf>,

    /// The size of a video or a picture in pixels, as 1920x1080 [default: read from the file]
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = parse_pixels, requires = "file")]
    pixels: Option<Pixels>,

    /// The length of a video, in seconds [default: read from the file]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, requires = "file")]
    duration: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileKind {
    /// A picture
    Image,
    /// A video
    Video,
    /// Any other file
    File,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pixels {
    width: u32,
    height: u32,
}

fn parse_pixels(raw: &str) -> Result<Pixels, String> {
    let sides = raw
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match sides {
        None => Err("two numbers with an x between them".to_owned()),
        Some((width, height)) => Pixels::new(width, height).ok_or_else(|| {
            format!("at least 1x1, no side above {PICTURE_SIDE_MAX}, and no more than 2^30 pixels")
        }),
    }
}

impl Pixels {
    fn new(width: u32, height: u32) -> Option<Self> {
        Media::is_possible(width, height).then_some(Self { width, height })
    }
}

fn parse_seconds(raw: &str) -> Result<Duration, String> {
    let seconds: Result<f64, _> = raw.parse();
    seconds
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "a number of seconds".to_owned())
}

/// A message with a file, before the upload.
#[derive(Debug)]
pub(crate) struct Prepared {
    path: PathBuf,
    name: FileName,
    caption: Caption,
    shape: FileShape,
}

impl FileArgs {
    /// Checks the file before anything is sent.
    pub(crate) fn prepare(self, path: PathBuf, caption: &str) -> Result<Prepared, Failure> {
        check_is_file(&path).map_err(|why| cannot_send(&path, why))?;
        let shape = self.shape(&path)?;
        let name = self.name.map_or_else(|| own_name(&path), Ok)?;
        let caption = Caption::new(caption)
            .map_err(|error| cannot_send(&path, format!("the caption cannot be sent: {error}")))?;
        Ok(Prepared {
            path,
            name,
            caption,
            shape,
        })
    }
}

impl FileArgs {
    /// What the user says of the file, and where they do not, what its content says.
    fn shape(&self, path: &Path) -> Result<FileShape, Failure> {
        let own = FileShape::of(path);
        let (kind, size, preview, duration_ms) = match own {
            FileShape::Image {
                width,
                height,
                preview,
            } => (FileKind::Image, Some((width, height)), preview, None),
            FileShape::Video {
                width,
                height,
                preview,
                duration_ms,
            } => {
                let size = Some((width, height));
                (FileKind::Video, size, preview, Some(duration_ms))
            }
            FileShape::File => (FileKind::File, None, Preview::NONE, None),
        };
        let given = self.preview.as_deref().map(read_picture).transpose()?;
        let preview = given.unwrap_or(preview);
        let given = self.pixels.map(|pixels| (pixels.width, pixels.height));
        let size = given.or(size);
        let given = self.duration.map(|duration| duration.as_millis());
        let given = given.map(|millis| u64::try_from(millis).unwrap_or(u64::MAX));
        match (self.kind.unwrap_or(kind), size, given.or(duration_ms)) {
            (FileKind::File, ..) => Ok(FileShape::File),
            (FileKind::Image, Some((width, height)), _) => Ok(FileShape::Image {
                width,
                height,
                preview,
            }),
            (FileKind::Video, Some((width, height)), Some(duration_ms)) => Ok(FileShape::Video {
                width,
                height,
                preview,
                duration_ms,
            }),
            (FileKind::Image, None, _) => {
                Err(cannot_send(path, "it is not a picture of a known format")
                    .hint("give its size with --pixels"))
            }
            (FileKind::Video, ..) => Err(cannot_send(path, "a video needs a size and a length")
                .hint("give --pixels and --duration")),
        }
    }
}

fn own_name(path: &Path) -> Result<FileName, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    shown_name(&name).ok_or_else(|| {
        cannot_send(path, "its name cannot be shown").hint("choose another one with --name")
    })
}

fn cannot_send(path: &Path, why: impl Display) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("cannot send {}: {why}", path.display()),
    )
}

impl Prepared {
    /// Uploads the file. Returns the body of the message, and how many bytes the server already
    /// had.
    pub(crate) async fn upload(
        self,
        client: &Client,
        mut progress: Progress,
    ) -> Result<(Body, u64), Failure> {
        let Self {
            path,
            name,
            caption,
            shape,
        } = self;
        let failed = |error| failure_of(&path, error);
        let mut source = Source::open(&path)
            .await
            .map_err(|error| failed(TransferError::Source(error)))?;
        let uploaded = client
            .upload(&mut source, |moved| progress.transfer(moved))
            .await;
        drop(progress);
        let Uploaded { hash, size_bytes } = uploaded.map_err(failed)?;
        let resumed_at_bytes = source.sent_from().unwrap_or(size_bytes);
        let file = Attachment {
            hash,
            // The extension of the file, whatever it is called in the message.
            media_type: media_type(&path.to_string_lossy()),
            name,
            size_bytes,
            caption,
        };
        let body = shape.body(file);
        Ok((body, resumed_at_bytes))
    }
}

/// Explains a failed transfer.
pub(crate) fn failure_of(path: &Path, error: TransferError) -> Failure {
    let hint = match &error {
        TransferError::Client(Error::Refused(code)) => hint_for_code(*code).unwrap_or_default(),
        TransferError::Client(other) => return other.clone().into(),
        TransferError::Damaged => {
            "try again; if it fails again, the file is damaged on the server, and its operator \
                should run `cairn doctor --full`"
        }
        _ => return Failure::caused(Exit::Failed, format!("{}: {error}", path.display()), &error),
    };
    Failure::caused(Exit::Failed, format!("{}: {error}", path.display()), &error).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_parsed() {
        assert_eq!(
            parse_pixels("1920x1080"),
            Ok(Pixels {
                width: 1920,
                height: 1080
            })
        );
        assert!(parse_pixels("1920").is_err() && parse_pixels("-1x5").is_err());
        for impossible in ["0x0", "0x5", "65536x1", "65535x65535", "1x4294967295"] {
            assert!(parse_pixels(impossible).is_err(), "{impossible}");
        }
        assert_eq!(parse_seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert!(parse_seconds("-1").is_err() && parse_seconds("nan").is_err());
    }
}
