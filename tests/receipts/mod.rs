//! How far everybody is: marked as unread from a message on, and told to others.

mod crowd;
mod totals;
mod unread;
mod who;
