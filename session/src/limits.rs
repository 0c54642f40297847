//! Every bound of the view model. The server bounds the rest, in [`cairn_client::proto::limits`]:
//! pins and members of a conversation, and reactions to an entry.

use std::time::Duration;

use cairn_client::proto::limits::{CAPACITY_MAX, SENDS_IN_FLIGHT_MAX, TYPING_INTERVAL};

/// Entries that a replica holds of one conversation, unless
/// [`Replica::with_entries_max`](crate::Replica::with_entries_max) was given another number, and
/// that a model holds for one window. Older ones, or those farthest from what is on screen, are
/// evicted; they can be loaded or pulled again.
pub const ENTRIES_MAX: usize = 2_000;

/// Entries that a model holds of a conversation without a window, to show the last one in lists.
pub const PREVIEW_ENTRIES: usize = 4;

/// Messages of one conversation that name the user and are known one by one, to tell which of them
/// count. Older ones are only counted.
pub const NAMED_MAX: usize = 1_000;

/// Entries in one request for the last message of a conversation, which reactions and edits may
/// follow.
pub const PREVIEW_PAGE_ENTRIES: u32 = 20;

/// Requests for the last message of a conversation. Farther back, it is not looked for.
pub const PREVIEW_PAGES_MAX: u32 = 4;

/// Such requests in flight.
pub const PREVIEWS_IN_FLIGHT: usize = 4;

/// Windows that are open. Opening another one leaves the least recently opened.
pub const WINDOWS_MAX: usize = 16;

/// Entries in one request of a window.
pub const PAGE_ENTRIES: u32 = 100;

/// How near to the screen a gap must be for its entries to be requested, in entries.
pub const PREFETCH_ENTRIES: u64 = 50;

/// Entries in one request that brings the store up to date.
pub const CATCH_UP_ENTRIES: u32 = 500;

/// Such requests in flight.
pub const CATCH_UPS_IN_FLIGHT: usize = 2;

/// How long after an overview such requests begin, in case the entries are pushed.
pub const CATCH_UP_DELAY: Duration = Duration::from_secs(2);

/// How far what is stored of a conversation may lie behind its head to be brought up to date.
/// Further behind, it is deleted instead.
pub const CATCH_UP_MAX: u64 = 10_000;

/// Places that a window can go back to.
pub const PLACES_MAX: usize = 32;

/// Entries read to find a date.
pub const DATE_PULLS_MAX: u32 = 12;

/// The longest draft, in bytes of UTF-8. Longer than a message, so that pasted text can be
/// shortened.
pub const DRAFT_BYTES_MAX: usize = 64 * 1024;

/// Files of one draft.
pub const DRAFT_FILES_MAX: usize = 16;

/// Drafts that are kept.
pub const DRAFTS_MAX: usize = 1_000;

/// Characters of a draft that the list of conversations shows.
pub const DRAFT_PREVIEW_CHARS: usize = 80;

/// Own messages that wait to be sent. Below [`SENDS_IN_FLIGHT_MAX`], the number of sends among
/// which the server recognizes a retry.
pub const OUTBOX_MAX: usize = 1_000;

/// Edits that the server has not confirmed.
pub const EDITS_MAX: usize = 64;

/// Sends that are handed to the client at a time.
pub const HANDED_MAX: usize = 512;

/// Uploads at a time.
pub const UPLOADS_MAX: usize = 2;

/// Own messages whose rows are followed from the outbox into the log, of one conversation.
pub const SENT_ROWS_MAX: usize = 64;

/// Users whose names are held.
pub const USERS_MAX: usize = 10_000;

/// Users in one request for names.
pub const USERS_PER_REQUEST: usize = 100;

/// Members of a conversation for which read counts are shown.
pub const RECEIPT_MEMBERS_MAX: usize = 1_000;

/// Users shown as typing in one conversation.
pub const TYPING_USERS_MAX: usize = 16;

/// How long a typing indicator is shown without being repeated.
pub const TYPING_TIME: Duration = Duration::from_secs(2 * TYPING_INTERVAL.as_secs());

/// How long after a message of a user their typing indicators are ignored, as they travel apart
/// from it and may arrive after it.
pub const TYPING_OVERTAKEN_TIME: Duration = Duration::from_secs(1);

/// How long a row must be on screen, with the user's attention, to count as read.
pub const READ_DELAY: Duration = Duration::from_millis(500);

/// How long a lost connection is not shown.
pub const RECOVERY_TIME: Duration = Duration::from_secs(2);

/// How often changed conversations are written to the store.
pub const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// The least time between two overviews.
pub const OVERVIEW_INTERVAL: Duration = Duration::from_secs(1);

/// How long a notice is held back, in case the user reads the message on another device.
pub const NOTICE_DELAY: Duration = Duration::from_secs(2);

/// Messages older than this do not notify.
pub const NOTICE_AGE_MAX: Duration = Duration::from_secs(10 * 60);

/// An absence this long ends with one summary instead of single notices.
pub const ABSENCE_TIME: Duration = Duration::from_secs(60);

/// Notices at one time that are given one by one. More become one summary.
pub const NOTICES_AT_ONCE: usize = 5;

/// Notices that are held back at a time.
pub const NOTICES_HELD_MAX: usize = 256;

/// Inquiries of the support desk that are offered to the user or that they hold, each. Twice what
/// agents can be given, who may take more by hand.
pub const DESK_INQUIRIES_MAX: usize = 2 * CAPACITY_MAX as usize;

/// Changes of the desk that are held while a reply with all of it is on its way. After more of
/// them, it is requested again.
pub const DESK_EVENTS_MAX: usize = 1_000;

/// Inquiries that wait in one queue and are shown.
pub const WAITING_SHOWN_MAX: usize = 100;

/// The least time between two requests for what waits.
pub const WAITING_INTERVAL: Duration = Duration::from_secs(2);

/// How long ago a message may lie before another one of its sender for the two to be shown as one
/// group.
pub const GROUP_TIME: Duration = Duration::from_secs(5 * 60);

/// Characters of a query that the quick switcher regards.
pub const QUERY_CHARS_MAX: usize = 64;

/// Results of the quick switcher.
pub const HITS_MAX: usize = 50;

/// Offsets of a time zone.
pub const ZONE_OFFSETS_MAX: usize = 512;

const _: () = assert!(OUTBOX_MAX < SENDS_IN_FLIGHT_MAX);
