//! Draws a script from a seed.

use cairn_client::proto::model::desk::Duty;
use cairn_memory::Direction;
use cairn_store::testing::{Call, Failure};

use super::Script;
use super::step::{
    ClientFault, DeskAct, DiskFault, Look, Onset, ServerFault, Step, Timed, VisitorAct, What,
};
use crate::dice::Dice;
use crate::world::{ALL, DEVICES, HOSTS, PLACES, SESSIONS, USERS};

const STEPS_MIN: u64 = 40;
const STEPS_MAX: u64 = 160;

/// Between two steps.
const PAUSE_MS_MAX: u64 = 600;

/// How often each kind of step is drawn.
struct Weights {
    client: u64,
    server: u64,
    disk: u64,
    /// Kinds of faults that this seed has, one bit each. A seed with few of them goes deeper into
    /// each than one with all.
    client_kinds: u64,
    server_kinds: u64,
    disk_kinds: u64,
    talk: u64,
    /// 0 in a world without a desk.
    desk: u64,
    /// 0 in a world without interactive devices.
    sessions: u64,
}

impl Script {
    pub(crate) fn of_seed(seed: u64) -> Self {
        let dice = &mut Dice::new(seed, 1);
        let weights = Weights {
            client: dice.pick(&[0, 4, 12]),
            server: dice.pick(&[0, 2, 6]),
            disk: dice.pick(&[2, 4, 8]),
            client_kinds: dice.next(),
            server_kinds: dice.next(),
            disk_kinds: dice.next(),
            talk: dice.pick(&[10, 30, 60]),
            desk: dice.pick(&[0, 0, 30, 90]),
            sessions: dice.pick(&[0, 0, 20, 50]),
        };
        let first_cuts = match dice.below(6) {
            0 => (0..dice.between(1, 3))
                .map(|_| dice.between(1, 150))
                .collect(),
            _ => Vec::new(),
        };
        let mut at_ms = 0;
        let count = dice.between(STEPS_MIN, STEPS_MAX);
        let mut steps = Vec::new();
        for _ in 0..count {
            // Several at once are as likely as one after another.
            at_ms += match dice.below(3) {
                0 => 0,
                1 => dice.below(20),
                _ => dice.below(PAUSE_MS_MAX),
            };
            let step = weights.step(dice);
            let fails_a_sync = matches!(
                step,
                Step::Disk(DiskFault::Fail {
                    onset: Onset::Now,
                    call: Call::Sync,
                    ..
                })
            );
            steps.push(Timed { at_ms, step });
            // After a failed sync, the disk lacks what the page cache shows to the next start. A
            // power cut tells.
            if fails_a_sync && !dice.one_in(4) {
                at_ms += dice.between(1_000, 4_000);
                let step = Step::Disk(DiskFault::CutPower {
                    onset: Onset::Now,
                    call: dice.between(1, 40),
                });
                steps.push(Timed { at_ms, step });
            }
        }
        Self {
            seed,
            first_cuts,
            has_desk: weights.desk > 0,
            has_sessions: weights.sessions > 0,
            steps,
        }
    }
}

impl Weights {
    /// Returns a device that exists.
    fn device(&self, dice: &mut Dice) -> usize {
        let (visitors, sessions) = (self.desk > 0, self.sessions > 0);
        let drawn = dice.index(ALL);
        match drawn {
            DEVICES..HOSTS if !visitors => drawn % DEVICES,
            HOSTS..ALL if !sessions => drawn % DEVICES,
            _ => drawn,
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        let sum =
            self.client + self.server + self.disk + self.desk + self.sessions + self.talk + 30;
        let mut drawn = dice.below(sum);
        let mut is_drawn = |weight: u64| match drawn.checked_sub(weight) {
            Some(left) => {
                drawn = left;
                false
            }
            None => true,
        };
        if is_drawn(self.client) {
            let device = self.device(dice);
            return Step::Client(device, client_fault(dice, self.client_kinds));
        }
        if is_drawn(self.server) {
            return Step::Server(server_fault(dice, self.server_kinds));
        }
        if is_drawn(self.disk) {
            return Step::Disk(disk_fault(dice, self.disk_kinds));
        }
        if is_drawn(self.desk) {
            return desk(dice);
        }
        if is_drawn(self.sessions) {
            return session(dice);
        }
        match is_drawn(self.talk) {
            true => say(dice),
            false => act(dice),
        }
    }
}

fn say(dice: &mut Dice) -> Step {
    let bytes = match dice.below(5) {
        0 => dice.between(1_000, 6_000),
        _ => dice.below(300),
    };
    let count = match dice.below(6) {
        0 => dice.between(2, 20),
        _ => 1,
    };
    Step::Say {
        device: dice.index(DEVICES),
        place: dice.index(PLACES),
        bytes: bytes as usize,
        count: count as usize,
    }
}

fn session(dice: &mut Dice) -> Step {
    let (session, place) = (dice.index(SESSIONS), dice.index(PLACES));
    if dice.below(3) < 2 {
        return Step::Type {
            session,
            place,
            bytes: dice.below(400) as usize,
            count: dice.pick(&[1, 1, 1, 1, 8]),
        };
    }
    let look = match dice.below(8) {
        0 | 1 => Look::AtEnd,
        2 | 3 => Look::AtUnread,
        4 => Look::Away,
        5 => Look::Attention(dice.one_in(2)),
        6 => Look::MarkRead,
        _ => Look::Draft(dice.below(100)),
    };
    Step::Look {
        session,
        place,
        look,
    }
}

fn desk(dice: &mut Dice) -> Step {
    if dice.below(5) < 2 {
        let act = match dice.below(12) {
            0 => VisitorAct::End,
            1 => VisitorAct::Rate {
                stars: dice.between(1, 5) as u8,
            },
            _ => VisitorAct::Say {
                bytes: dice.below(400) as usize,
                count: dice.pick(&[1, 1, 1, 4]),
            },
        };
        let host = dice.index(HOSTS - DEVICES);
        return Step::Visit { host, act };
    }
    let act = match dice.below(20) {
        0..7 => DeskAct::Accept,
        7 => DeskAct::Refuse,
        8 | 9 => DeskAct::Take,
        10..13 => DeskAct::Reply,
        13 | 14 => DeskAct::Note,
        15 => DeskAct::Close,
        16 => DeskAct::ToAgent,
        17 => DeskAct::ToQueue,
        18 => DeskAct::Duty(Duty::On),
        _ => DeskAct::Duty(dice.pick(&[Duty::On, Duty::Break, Duty::Off])),
    };
    Step::Desk {
        device: dice.index(DEVICES),
        act,
        nth: dice.index(100),
    }
}

fn act(dice: &mut Dice) -> Step {
    let (device, place) = (dice.index(DEVICES), dice.index(PLACES));
    let (nth, but) = (dice.index(100), dice.below(12));
    match dice.below(16) {
        0..3 => Step::Edit { device, place, nth },
        3..5 => Step::Recall { device, place, nth },
        5..9 => Step::Read { device, place, but },
        9..11 => Step::List { device },
        11 => Step::Pull {
            device,
            place,
            but: dice.below(100),
        },
        12 => Step::Remove {
            place,
            user: dice.index(USERS),
        },
        13 => Step::Add {
            place,
            user: dice.index(USERS),
        },
        14 => Step::Search {
            device,
            what: match dice.below(5) {
                0 => What::All,
                1 => What::Edits,
                2 => What::Message(dice.index(1_000)),
                3 => What::Messages(nth),
                _ => What::Place(place),
            },
            hits_per_page: dice.pick(&[3, 10, 50]),
        },
        _ => Step::Expire {
            place,
            is_on: dice.one_in(2),
        },
    }
}

/// Returns one of the kinds that are set.
fn kind(dice: &mut Dice, kinds: u64, count: u64) -> u64 {
    let set: Vec<u64> = (0..count).filter(|kind| kinds & 1 << kind != 0).collect();
    match set.is_empty() {
        true => dice.below(count),
        false => dice.pick(&set),
    }
}

fn direction(dice: &mut Dice) -> Direction {
    dice.pick(&[Direction::ToClient, Direction::ToServer])
}

fn client_fault(dice: &mut Dice, kinds: u64) -> ClientFault {
    let for_ms = match dice.below(4) {
        0 => dice.between(5_000, 60_000),
        _ => dice.between(1, 3_000),
    };
    match kind(dice, kinds, 7) {
        0 => ClientFault::Die { for_ms },
        1 => ClientFault::Cut,
        2 => ClientFault::Lose {
            direction: direction(dice),
            for_ms: for_ms.min(8_000),
        },
        3 => ClientFault::Delay {
            direction: direction(dice),
            for_ms,
        },
        4 => ClientFault::ReadSlowly { for_ms },
        5 => ClientFault::EvictStream {
            place: dice.index(PLACES),
        },
        _ => ClientFault::Attack {
            kind: dice.index(100),
        },
    }
}

fn server_fault(dice: &mut Dice, kinds: u64) -> ServerFault {
    let down_ms = dice.between(0, 3_000);
    let for_ms = dice.between(100, 20_000);
    match kind(dice, kinds, 6) {
        0 => ServerFault::Restart { down_ms },
        1 => ServerFault::Kill { down_ms },
        2 => ServerFault::Damage {
            number: dice.next(),
        },
        3 => {
            let by_ms = dice.between(1_000, 400 * 24 * 60 * 60 * 1_000) as i64;
            ServerFault::JumpClock {
                by_ms: match dice.one_in(2) {
                    true => by_ms,
                    false => -by_ms,
                },
            }
        }
        4 => ServerFault::StopFollower { for_ms },
        _ => ServerFault::StopBackground { for_ms },
    }
}

fn disk_fault(dice: &mut Dice, kinds: u64) -> DiskFault {
    let onset = dice.pick(&[Onset::Now, Onset::Now, Onset::AtStart, Onset::InCheckpoint]);
    match kind(dice, kinds, 6) {
        0..3 => DiskFault::CutPower {
            onset,
            call: match (onset, dice.below(3)) {
                (Onset::Now, 0) => dice.between(1, 12),
                (Onset::Now, _) => dice.between(1, 300),
                (Onset::AtStart, _) => dice.between(1, 120),
                (Onset::InCheckpoint, _) => dice.between(1, 30),
            },
        },
        3 | 4 => {
            // What a failed sync leaves is the hardest to get right.
            let call = match dice.one_in(3) {
                true => Call::Sync,
                false => dice.pick(&Call::ALL),
            };
            DiskFault::Fail {
                onset,
                call,
                nth: match (onset, call) {
                    (Onset::Now, Call::Sync) => dice.between(1, 5),
                    (Onset::Now | Onset::AtStart, _) => dice.between(1, 30),
                    (Onset::InCheckpoint, _) => dice.between(1, 6),
                },
                failure: dice.pick(&[Failure::Io, Failure::NoSpace, Failure::TooManyFiles]),
                is_sticky: dice.one_in(3),
            }
        }
        _ => DiskFault::Full {
            for_ms: dice.between(100, 8_000),
        },
    }
}
