//! The data directory itself: its lock, format and free space, durable writes, and attachments.

pub mod attachments;
pub mod directory_id;
pub mod disk_reserve;
pub mod durable;
pub mod format;
pub mod lock;
pub mod poison;
