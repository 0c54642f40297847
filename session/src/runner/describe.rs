//! The body of a file, for programs that do not look into files.

use cairn_client::Uploaded;
use cairn_client::proto::content::attachment::Attachment;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::text::Caption;

use crate::DraftFile;

/// Describes an uploaded file without a preview; `None` if its name cannot be used.
pub(crate) fn as_file(file: &DraftFile, uploaded: Uploaded) -> Option<Body> {
    let attachment = Attachment {
        hash: uploaded.hash,
        name: file.name.parse().ok()?,
        media_type: "application/octet-stream".parse().ok()?,
        size_bytes: uploaded.size_bytes,
        caption: Caption::new("").ok()?,
    };
    Some(attachment.into())
}
