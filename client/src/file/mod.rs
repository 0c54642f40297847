//! What a file is, before it is sent: its name, its media type, and the size of a picture or video.

mod exif;
mod mp4;
mod name;

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use cairn_proto::content::attachment::{Attachment, Media, Preview, Video};
use cairn_proto::content::body::Body;
use cairn_proto::limits::PREVIEW_BYTES_MAX;
use cairn_proto::text::{Caption, FileName, MediaType};

use crate::transfer::Uploaded;

pub use self::name::shown_name;

/// Media types by file extension.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("heic", "image/heic"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("m4v", "video/x-m4v"),
    ("mp4", "video/mp4"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("zip", "application/zip"),
];

/// A file that is neither a picture nor a video of a known format.
const OTHER: &str = "application/octet-stream";

/// What a message says of a file besides its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileShape {
    /// A picture.
    Image {
        /// In pixels, as it is shown.
        width: u32,
        /// In pixels, as it is shown.
        height: u32,
        /// The picture itself if it is small, or the small one that a camera added; may be empty.
        preview: Preview,
    },
    /// A video.
    Video {
        /// In pixels, as it is shown.
        width: u32,
        /// In pixels, as it is shown.
        height: u32,
        /// Shown until the file is downloaded; may be empty.
        preview: Preview,
        /// In milliseconds.
        duration_ms: u64,
    },
    /// Any other file.
    File,
}

impl FileShape {
    /// Reads what a file is from its content: a picture (BMP, GIF, HEIF, JPEG, PNG, WebP), a video
    /// (MP4, MOV), or any other file. Waits for the disk. A file that cannot be read, or has a size
    /// that no picture can have, is any other file.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let image = image(path).or_else(|| video(path));
        image.unwrap_or(Self::File)
    }

    /// Returns the body of a message with the file.
    #[must_use]
    pub fn body(self, file: Attachment) -> Body {
        let media = |width, height, preview, file| Media {
            file,
            width,
            height,
            preview,
        };
        match self {
            Self::Image {
                width,
                height,
                preview,
            } => media(width, height, preview, file).into(),
            Self::Video {
                width,
                height,
                preview,
                duration_ms,
            } => Video {
                media: media(width, height, preview, file),
                duration_ms,
            }
            .into(),
            Self::File => file.into(),
        }
    }
}

/// Returns the attachment of an uploaded file.
#[must_use]
pub fn attachment(uploaded: Uploaded, name: FileName, caption: Caption) -> Attachment {
    Attachment {
        hash: uploaded.hash,
        media_type: media_type(name.as_str()),
        name,
        size_bytes: uploaded.size_bytes,
        caption,
    }
}

/// Returns the media type for the extension of a name. It is a hint only.
#[must_use]
#[expect(clippy::expect_used, reason = "constants, all of which a test checks")]
pub fn media_type(name: &str) -> MediaType {
    let extension = Path::new(name).extension().unwrap_or_default();
    let extension = extension.to_string_lossy().to_ascii_lowercase();
    let mut known = MEDIA_TYPES.iter();
    let known = known.find(|(known, _)| *known == extension);
    let media_type = known.map_or(OTHER, |(_, media_type)| media_type);
    MediaType::new(media_type).expect("every media type here is one")
}

fn image(path: &Path) -> Option<FileShape> {
    let size = imagesize::size(path).ok()?;
    let (width, height) = (size.width.try_into().ok()?, size.height.try_into().ok()?);
    let exif = exif::of(path);
    let (width, height) = match exif.as_ref().is_some_and(exif::Exif::is_turned) {
        true => (height, width),
        false => (width, height),
    };
    Media::is_possible(width, height).then(|| FileShape::Image {
        width,
        height,
        preview: own_preview(path, exif.as_ref()).unwrap_or(Preview::NONE),
    })
}

/// The picture itself, if it is small enough, or the one for previews in it.
fn own_preview(path: &Path, exif: Option<&exif::Exif>) -> Option<Preview> {
    let bytes = match small_file(path).ok()? {
        Some(whole) => whole,
        None => exif?.preview()?.to_vec(),
    };
    Preview::new(bytes.into()).ok()
}

/// Returns the content of a file that is no longer than a preview.
fn small_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let bytes_max = PREVIEW_BYTES_MAX as u64;
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    if file.metadata()?.len() > bytes_max {
        return Ok(None);
    }
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= PREVIEW_BYTES_MAX).then_some(bytes))
}

fn video(path: &Path) -> Option<FileShape> {
    let file = File::open(path).ok()?;
    let found = mp4::find(&mut BufReader::new(file)).ok()??;
    Media::is_possible(found.width, found.height).then_some(FileShape::Video {
        width: found.width,
        height: found.height,
        preview: Preview::NONE,
        duration_ms: found.duration_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_follows_the_extension() {
        for (name, expected) in [
            ("a.PDF", "application/pdf"),
            ("b/c.jpg", "image/jpeg"),
            ("x", OTHER),
            ("y.xyz", OTHER),
        ] {
            assert_eq!(media_type(name).as_str(), expected);
        }
        for (extension, expected) in MEDIA_TYPES {
            assert_eq!(media_type(&format!("a.{extension}")).as_str(), *expected);
        }
    }
}
