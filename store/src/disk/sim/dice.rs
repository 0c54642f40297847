//! The random decisions of a simulated disk.

/// A generator (SplitMix64): the same seed gives the same decisions.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below `end`, or 0 if `end` is 0.
    pub(super) const fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        match end {
            0 => 0,
            end => mixed % end,
        }
    }

    pub(super) const fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Draws how much of the unsynced state of one file or folder survives: nothing and everything
    /// are as likely as any share.
    pub(super) const fn share(&mut self) -> Share {
        match self.below(4) {
            0 => Share(0),
            1 => Share(PARTS),
            _ => Share(self.below(PARTS)),
        }
    }

    pub(super) const fn keeps(&mut self, share: Share) -> bool {
        self.below(PARTS) < share.0
    }
}

const PARTS: u64 = 256;

/// The share of the unsynced state that survives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share(u64);
