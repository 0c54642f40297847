//! Parts of messages in a line: times, files, emoji, what a message says.

use std::sync::Arc;

use bytesize::ByteSize;
use cairn_proto::content::body::{Body, Kind};
use cairn_proto::ids::{ConversationId, Timestamp};
use cairn_session::Entry;

use crate::tui::text::markup::{one_line, unmarked};
use crate::tui::text::words;

/// The time of day.
pub(crate) fn clock(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    let millis = i64::try_from(at.get()).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_millisecond(millis) {
        Ok(moment) => moment.to_zoned(zone.clone()).strftime("%H:%M").to_string(),
        Err(_) => "??:??".to_owned(),
    }
}

/// Day and time.
pub(crate) fn moment(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    let millis = i64::try_from(at.get()).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_millisecond(millis) {
        Ok(moment) => {
            let moment = moment.to_zoned(zone.clone());
            moment.strftime("%Y-%m-%d %H:%M").to_string()
        }
        Err(_) => "?".to_owned(),
    }
}

/// The characters of an emoji, or its name.
pub(super) fn emoji(name: &str) -> String {
    if cairn_text::is_emoji(name) {
        return name.to_owned();
    }
    cairn_text::emoji(name).map_or_else(|| format!(":{}:", one_line(name)), str::to_owned)
}

/// A file in a line.
pub(super) fn attached(body: &Body) -> String {
    let Some(attachment) = body.attachment() else {
        return String::new();
    };
    let kind = body.kind().as_str();
    let name = one_line(attachment.name.as_str());
    let size = ByteSize(attachment.size_bytes);
    let pixels = match body {
        Body::Image(media) => format!(" {}x{}", media.width, media.height),
        Body::Video(video) => format!(" {}x{}", video.media.width, video.media.height),
        _ => String::new(),
    };
    format!("[{kind} {name} {size}{pixels}]")
}

/// A message in a line, for replies and the list.
pub(crate) fn summary(entry: &Arc<Entry>) -> String {
    one_line(&whole(&entry.body))
}

/// The beginning of a message that another one replies to, without markup.
pub(crate) fn quote(entry: &Arc<Entry>) -> String {
    match &entry.body {
        Body::Text(text) | Body::Emote(text) => unmarked(text.as_str()),
        _ => summary(entry),
    }
}

/// All words of a message, with its file.
pub(crate) fn whole(body: &Body) -> String {
    match body {
        Body::Emoji(name) => emoji(name.as_str()),
        body if matches!(body.kind(), Kind::Image | Kind::Video | Kind::File) => {
            let text = format!("{} {}", attached(body), words::text_of(body));
            text.trim_end().to_owned()
        }
        body => words::text_of(body).to_owned(),
    }
}

/// The name of a conversation that is not in the list.
pub(crate) fn unnamed(id: ConversationId) -> String {
    format!("#id:{id}")
}
