//! Runs against a running server, through the client SDK alone.
//!
//! A run has a venue (a server and users), a load, a gauge that counts, and findings. It warms up, counts, stops and waits until
//! everything outstanding is settled; nothing that comes before or behind the count is in the numbers.
//!
//! * `send`, `fanout`, `catchup`, `mixed`, `idle`, `files`, `overview`: one file or folder for each kind of run
//! * `venue`, `own_server`: the server under test, the users who take part
//! * `sender`, `unanswered`, `fill`, `pace`, `stamp`: what is sent, when, and where to
//! * `receiver`, `audience`, `stall`, `cursor`, `comeback`: who reads it
//! * `measure`, `gauge`, `sequence`, `findings`: what is counted, checked and found
//! * `timeline`, `climb`, `plots`: the same over time, and how it is drawn
//! * `workings`: what the server tells of itself meanwhile

mod audience;
pub mod catchup;
mod climb;
mod comeback;
mod cursor;
pub mod fanout;
pub mod files;
mod fill;
mod findings;
mod gauge;
pub mod idle;
mod measure;
pub mod mixed;
pub mod overview;
mod own_server;
mod pace;
mod plots;
mod receiver;
pub mod send;
mod sender;
mod sequence;
mod stall;
mod stamp;
mod timeline;
mod unanswered;
mod venue;
pub mod workings;
