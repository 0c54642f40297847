//! Read cursors: marking as unread, and receipts of other members.

mod crowd;
mod totals;
mod unread;
mod who;
