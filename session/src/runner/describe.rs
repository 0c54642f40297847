//! The body of a file.

use std::path::Path;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::text::Caption;
use cairn_client::{FileShape, Uploaded, attachment, shown_name};

use crate::DraftFile;

/// Describes an uploaded file: as a picture or a video, if it is one of a known format and is not
/// to be a plain file. `None` if it cannot be described.
pub(crate) fn describe(file: &DraftFile, uploaded: Uploaded) -> Option<Body> {
    let shape = match file.as_file {
        true => FileShape::File,
        false => FileShape::of(Path::new(&file.path)),
    };
    let caption = Caption::new("").ok()?;
    Some(shape.body(attachment(uploaded, shown_name(&file.name)?, caption)))
}
