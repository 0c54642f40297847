//! Small pictures: avatars and previews.

use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use cairn_proto::content::picture::{Picture, PictureTooLarge};

use crate::cli::failure::{Exit, Failure};
use crate::cli::files::upload_source::check_is_file;

/// Reads a picture from a file, up to the size limit of pictures.
pub(crate) fn read_picture<const BYTES_MAX: usize>(
    path: &Path,
) -> Result<Picture<BYTES_MAX>, Failure> {
    let failed = |why: &dyn Display| {
        Failure::new(
            Exit::Failed,
            format!("cannot use the picture {}: {why}", path.display()),
        )
    };
    let too_large = |error: PictureTooLarge| {
        failed(&error).hint("scale it down: as JPEG or WebP, 64 by 64 pixels take 2 or 3 KiB")
    };
    check_is_file(path).map_err(|why| failed(&why))?;
    let file = File::open(path).map_err(|error| failed(&error))?;
    let length = file.metadata().map_err(|error| failed(&error))?.len();
    if length > BYTES_MAX as u64 {
        return Err(too_large(PictureTooLarge {
            bytes: usize::try_from(length).unwrap_or(usize::MAX),
            bytes_max: BYTES_MAX,
        }));
    }
    let mut bytes = Vec::new();
    file.take(BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    if bytes.is_empty() {
        return Err(failed(&"it is empty"));
    }
    if imagesize::image_type(&bytes).is_err() {
        return Err(failed(&"it is not a picture of a known format")
            .hint("BMP, GIF, HEIF, JPEG, PNG and WebP are known"));
    }
    Picture::new(bytes.into()).map_err(too_large)
}
