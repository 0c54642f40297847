//! Memory of the server and the clients during transfers.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use crate::support::{resident_bytes, resident_bytes_of};

/// Allowed growth of either process above its idle memory.
const GROWTH_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Measures the server process, and the test process, which runs the clients.
pub struct Gauge {
    data: PathBuf,
    idle: [u64; 2],
    most: Cell<[u64; 2]>,
}

impl Gauge {
    /// Takes the current values as idle.
    pub fn set(data: &Path) -> Self {
        let idle = both(data);
        Self {
            data: data.to_owned(),
            idle,
            most: Cell::new(idle),
        }
    }

    pub fn look(&self) {
        let (now, most) = (both(&self.data), self.most.get());
        self.most.set([most[0].max(now[0]), most[1].max(now[1])]);
    }

    /// Checks that neither process exceeded its allowance. The clients' process is ignored when
    /// other tests run in it.
    pub fn check(&self, is_alone: bool) {
        let [server, clients] = [0, 1].map(|side| self.most.get()[side] - self.idle[side]);
        println!("at most {server} bytes more in the server, {clients} in the clients");
        assert!(
            server < GROWTH_BYTES_MAX,
            "the server takes {server} bytes more than when it was idle"
        );
        assert!(
            !is_alone || clients < GROWTH_BYTES_MAX,
            "the clients take {clients} bytes more than when they were idle"
        );
    }
}

fn both(data: &Path) -> [u64; 2] {
    [resident_bytes(data), resident_bytes_of("self")]
}
