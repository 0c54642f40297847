//! How far everybody is: marked as unread from a message on.

mod unread;
