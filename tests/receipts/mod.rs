//! Read positions: marking as unread, and receipts for other members.

mod crowd;
mod totals;
mod unread;
mod who;
