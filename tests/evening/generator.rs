//! Makes an evening out of a seed: an opening in which everything happens once, and then whatever comes.

use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::model::retention::Retention;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::steps::{Act, Agreement, DEVICES, FileKind, Manner, Place, Round, Seat, Step, USERS};

/// Groups at the most: few, so that people meet.
const GROUPS_MAX: usize = 6;

/// The groups of the opening: who makes each, and whom he takes in.
const FIRST_GROUPS: &[(usize, &[usize])] = &[
    (0, &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    (1, &[2, 3, 4]),
    (2, &[5]),
    (0, &[1, 5, 8, 9]),
];

/// Kinds of reactions, names and topics: few, so that they are the same now and then.
const KINDS: usize = 4;

/// Everything is compared after so many steps, and at the end.
const STEPS_PER_COMPARE: usize = 400;

/// Goes on until there are so many steps.
pub fn evening(seed: u64, steps: usize) -> Vec<Round> {
    let (random, is_here) = (StdRng::seed_from_u64(seed), [[true; DEVICES]; USERS]);
    let makers = FIRST_GROUPS.iter().map(|&(maker, _)| maker).collect();
    let guessed = FIRST_GROUPS.iter().map(|&(maker, others)| {
        std::array::from_fn(|user| user == maker || others.contains(&user))
    });
    let mut generator = Generator {
        random,
        is_here,
        makers,
        guessed: guessed.collect(),
    };
    let mut rounds = generator.opening();
    let (mut made, mut compared) = (0, 0);
    while made < steps {
        let round = generator.round();
        made += match &round {
            Round::Together(steps) | Round::Crash(steps) => steps.len(),
            _ => 1,
        };
        let is_crash = matches!(round, Round::Crash(_));
        rounds.push(round);
        if made - compared >= STEPS_PER_COMPARE || (is_crash && generator.chance(3)) {
            compared = made;
            rounds.extend(generator.compare());
        }
    }
    rounds.extend(generator.compare());
    rounds
}

struct Generator {
    random: StdRng,
    is_here: [[bool; DEVICES]; USERS],
    /// Who made each group.
    makers: Vec<usize>,
    /// Who may be a member of each group, if nobody was told no. Most of what happens is done by those who may do it.
    guessed: Vec<[bool; USERS]>,
}

impl Generator {
    fn below(&mut self, bound: usize) -> usize {
        self.random.random_range(0..bound)
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    /// A device of the user that is here; the first one never goes.
    fn seat(&mut self, user: usize) -> Seat {
        let device = self.below(DEVICES);
        Seat {
            user,
            device: if self.is_here[user][device] {
                device
            } else {
                0
            },
        }
    }

    fn alone(&mut self, user: usize, act: Act) -> Round {
        Round::Together(vec![Step {
            by: self.seat(user),
            act,
        }])
    }

    fn other(&mut self, user: usize) -> usize {
        (user + 1 + self.below(USERS - 1)) % USERS
    }

    /// Everything that there is, once, so that none of it can be missing.
    fn opening(&mut self) -> Vec<Round> {
        let (settings, relate) = (
            MemberSettings {
                favourite: true,
                ..MemberSettings::default()
            },
            |with, act| Act::Relate { with, act },
        );
        let agreement = Agreement {
            is_open: true,
            from_join: true,
            is_quiet: false,
        };
        let (group, with) = (Place::Group, Place::With);
        let say = |to, manner| Act::Say {
            to,
            manner,
            count: 3,
        };
        let script = [
            (
                2,
                Act::Agree {
                    group: 2,
                    agreement,
                },
            ),
            (7, Act::Join { group: 2 }),
            (0, say(group(0), Manner::Plain)),
            (5, say(with(6), Manner::Emote)),
            (6, say(with(5), Manner::Emoji)),
            (
                1,
                Act::React {
                    at: group(0),
                    message: 0,
                    emoji: 0,
                },
            ),
            (2, say(group(0), Manner::Reply(0))),
            (3, say(group(0), Manner::Mention(vec![4, 5]))),
            (0, say(group(0), Manner::MentionAll)),
            (
                2,
                Act::Edit {
                    at: group(0),
                    message: 0,
                },
            ),
            (
                2,
                Act::Edit {
                    at: group(0),
                    message: 0,
                },
            ),
            (
                3,
                Act::Recall {
                    at: group(0),
                    message: 0,
                },
            ),
            (
                0,
                Act::RecallAny {
                    at: group(0),
                    message: 1,
                },
            ),
            (
                1,
                Act::Unreact {
                    at: group(0),
                    message: 0,
                    emoji: 0,
                },
            ),
            (
                4,
                Act::Pin {
                    at: group(0),
                    message: 0,
                },
            ),
            (
                4,
                Act::Unpin {
                    at: group(0),
                    message: 0,
                },
            ),
            (
                6,
                Act::Pin {
                    at: with(5),
                    message: 1,
                },
            ),
            (
                2,
                Act::React {
                    at: group(0),
                    message: 1,
                    emoji: 1,
                },
            ),
            (
                9,
                Act::React {
                    at: group(0),
                    message: 1,
                    emoji: 1,
                },
            ),
            (
                4,
                Act::Read {
                    at: group(0),
                    message: 0,
                },
            ),
            (
                4,
                Act::MarkUnread {
                    at: group(0),
                    message: 5,
                },
            ),
            (
                5,
                Act::Forward {
                    from: group(0),
                    message: 2,
                    to: with(6),
                },
            ),
            (
                6,
                Act::SendFile {
                    to: group(0),
                    kind: FileKind::Plain,
                },
            ),
            (
                7,
                Act::SendFile {
                    to: group(0),
                    kind: FileKind::Picture,
                },
            ),
            (
                8,
                Act::SendFile {
                    to: with(6),
                    kind: FileKind::Video,
                },
            ),
            (
                9,
                Act::Forward {
                    from: group(0),
                    message: 0,
                    to: with(2),
                },
            ),
            (
                8,
                Act::Fetch {
                    at: group(0),
                    file: 0,
                },
            ),
            (3, Act::ShowReads { is_shown: false }),
            (
                0,
                Act::Import {
                    group: 3,
                    count: 30,
                },
            ),
            (
                5,
                Act::Say {
                    to: group(3),
                    manner: Manner::Plain,
                    count: 3,
                },
            ),
            (
                0,
                Act::Retain {
                    at: group(3),
                    retention: Some(Retention::Days(1)),
                },
            ),
            (
                4,
                Act::Settle {
                    at: group(0),
                    settings,
                },
            ),
            (0, Act::Rename { group: 0, name: 1 }),
            (0, Act::Describe { group: 0, topic: 1 }),
            (
                0,
                Act::Appoint {
                    group: 0,
                    whom: 1,
                    role: Role::Admin,
                },
            ),
            (1, Act::Kick { group: 1, whom: 4 }),
            (1, Act::Add { group: 1, whom: 4 }),
            (1, Act::Ban { group: 1, whom: 3 }),
            (1, Act::Unban { group: 1, whom: 3 }),
            (
                1,
                Act::Silence {
                    group: 0,
                    whom: 9,
                    is_over: false,
                },
            ),
            (1, Act::HandOver { group: 1, whom: 2 }),
            (4, Act::Leave { group: 1 }),
            (7, relate(8, RelationAct::AskFriend)),
            (8, relate(7, RelationAct::AcceptFriend)),
            (8, relate(9, RelationAct::AskFriend)),
            (9, relate(8, RelationAct::DeclineFriend)),
            (7, relate(6, RelationAct::Follow)),
            (7, relate(6, RelationAct::Unfollow)),
            (8, relate(7, RelationAct::RemoveFriend)),
            (9, relate(6, RelationAct::Block)),
            (9, relate(6, RelationAct::Unblock)),
            (5, relate(3, RelationAct::Block)),
        ];
        let made = FIRST_GROUPS.iter().map(|&(maker, others)| {
            (
                maker,
                Act::Create {
                    others: others.to_vec(),
                },
            )
        });
        let mut rounds: Vec<Round> = made
            .chain(script)
            .map(|(user, act)| self.alone(user, act))
            .collect();
        let said = |user| Step {
            by: Seat { user, device: 1 },
            act: Act::Say {
                to: group(0),
                manner: Manner::Plain,
                count: 30,
            },
        };
        rounds.extend([
            Round::Away(Seat { user: 4, device: 2 }),
            Round::Crash((1..6).map(said).collect()),
        ]);
        let read = |user| Step {
            by: Seat { user, device: 1 },
            act: Act::Read {
                at: group(0),
                message: 0,
            },
        };
        rounds.extend([
            Round::Back(Seat { user: 4, device: 2 }),
            Round::Crash((6..9).map(read).collect()),
            Round::Compare,
            Round::Restart,
        ]);
        rounds
    }

    fn round(&mut self) -> Round {
        match self.below(100) {
            0..10 => self.come_or_go(),
            10 => {
                // Reads alone force no commit: a server that is killed then forgets what it answered.
                let act = if self.chance(2) {
                    Self::reading
                } else {
                    Self::act
                };
                Round::Crash(self.many(8, act))
            }
            11 => Round::Restart,
            12..15 if self.makers.len() < GROUPS_MAX => {
                let (user, count) = (self.below(USERS), self.below(USERS));
                let others: Vec<usize> = (0..count).map(|_| self.other(user)).collect();
                self.makers.push(user);
                self.guessed.push(std::array::from_fn(|member| {
                    member == user || others.contains(&member)
                }));
                self.alone(user, Act::Create { others })
            }
            12..60 => Round::Together(self.many(1, Self::act)),
            _ => {
                let count = 2 + self.below(8);
                Round::Together(self.many(count, Self::act))
            }
        }
    }

    fn many(&mut self, count: usize, act: fn(&mut Self) -> (usize, Act)) -> Vec<Step> {
        let mut step = |_| {
            let (user, act) = act(self);
            self.guess(user, &act);
            Step {
                by: self.seat(user),
                act,
            }
        };
        (0..count).map(&mut step).collect()
    }

    /// Notes who may be a member of what after an act.
    fn guess(&mut self, user: usize, act: &Act) {
        match *act {
            Act::Add { group, whom } => self.guessed[group][whom] = true,
            Act::Join { group } => self.guessed[group][user] = true,
            Act::Kick { group, whom } | Act::Ban { group, whom } => {
                self.guessed[group][whom] = false
            }
            Act::Leave { group } => self.guessed[group][user] = false,
            _ => {}
        }
    }

    fn come_or_go(&mut self) -> Round {
        let seat = Seat {
            user: self.below(USERS),
            device: 1 + self.below(DEVICES - 1),
        };
        let is_here = &mut self.is_here[seat.user][seat.device];
        *is_here = !*is_here;
        if *is_here {
            Round::Back(seat)
        } else {
            Round::Away(seat)
        }
    }

    fn compare(&mut self) -> Vec<Round> {
        let mut rounds = Vec::new();
        for user in 0..USERS {
            for device in 0..DEVICES {
                if !std::mem::replace(&mut self.is_here[user][device], true) {
                    rounds.push(Round::Back(Seat { user, device }));
                }
            }
        }
        rounds.push(Round::Compare);
        rounds
    }

    fn place(&mut self, user: usize) -> Place {
        let groups: Vec<usize> = (0..self.guessed.len())
            .filter(|&group| self.guessed[group][user])
            .collect();
        match self.below(4) {
            0 => Place::With(self.other(user)),
            _ if groups.is_empty() || self.chance(20) => {
                Place::Group(self.below(self.guessed.len()))
            }
            _ => Place::Group(groups[self.below(groups.len())]),
        }
    }

    fn manner(&mut self, user: usize) -> Manner {
        match self.below(8) {
            0..3 => Manner::Plain,
            3 => Manner::Emote,
            4 => Manner::Emoji,
            5 => Manner::Reply(self.below(12)),
            6 => Manner::Mention(vec![self.other(user), self.below(USERS)]),
            _ => Manner::MentionAll,
        }
    }

    fn act(&mut self) -> (usize, Act) {
        if self.chance(4) {
            self.order()
        } else {
            self.ordinary()
        }
    }

    /// What people do all the time.
    fn ordinary(&mut self) -> (usize, Act) {
        let user = self.below(USERS);
        let (at, message, emoji) = (self.place(user), self.below(12), self.below(KINDS));
        let act = match self.below(24) {
            0..7 => Act::Say {
                to: at,
                manner: self.manner(user),
                count: if self.chance(3) {
                    1 + self.below(40)
                } else {
                    1
                },
            },
            7..9 => Act::Edit { at, message },
            9 => Act::Recall { at, message },
            10 => Act::RecallAny { at, message },
            11..13 => Act::React { at, message, emoji },
            13 => Act::Unreact { at, message, emoji },
            14 => Act::Pin { at, message },
            15 => Act::Unpin { at, message },
            16..18 => Act::Read { at, message },
            18 => {
                let [muted, favourite, hidden] = [(); 3].map(|()| self.chance(2));
                Act::Settle {
                    at,
                    settings: MemberSettings {
                        muted,
                        favourite,
                        hidden,
                    },
                }
            }
            19 if self.chance(4) => Act::ShowReads {
                is_shown: self.chance(2),
            },
            19 => Act::MarkUnread { at, message },
            21 => Act::SendFile {
                to: at,
                kind: FileKind::ALL[self.below(FileKind::ALL.len())],
            },
            22 => Act::Fetch { at, file: message },
            20 => Act::Forward {
                from: at,
                message,
                to: self.place(user),
            },
            _ => Act::Relate {
                with: self.other(user),
                act: self.relation_act(),
            },
        };
        (user, act)
    }

    fn reading(&mut self) -> (usize, Act) {
        let user = self.below(USERS);
        (
            user,
            Act::Read {
                at: self.place(user),
                message: self.below(12),
            },
        )
    }

    fn retention(&mut self) -> Option<Retention> {
        match self.below(6) {
            0 => None,
            1..3 => Some(Retention::Keep),
            3..5 => Some(Retention::Days(1)),
            _ => Some(Retention::UntilAcked { cap_days: 1 }),
        }
    }

    fn relation_act(&mut self) -> RelationAct {
        match self.below(10) {
            0..2 => RelationAct::AskFriend,
            2..4 => RelationAct::AcceptFriend,
            4 => RelationAct::DeclineFriend,
            5 => RelationAct::RemoveFriend,
            6 => RelationAct::Follow,
            7 => RelationAct::Unfollow,
            8 => RelationAct::Block,
            _ => RelationAct::Unblock,
        }
    }

    /// What keeps order in a group, or brings disorder into it.
    fn order(&mut self) -> (usize, Act) {
        let group = self.below(self.makers.len());
        let user = if self.chance(3) {
            self.below(USERS)
        } else {
            self.makers[group]
        };
        let whom = self.other(user);
        let act = match self.below(18) {
            0 => Act::Rename {
                group,
                name: self.below(KINDS),
            },
            1 => Act::Describe {
                group,
                topic: self.below(KINDS),
            },
            2 => {
                let [is_open, from_join, is_quiet] = [2, 2, 6].map(|one_in| self.chance(one_in));
                Act::Agree {
                    group,
                    agreement: Agreement {
                        is_open,
                        from_join,
                        is_quiet,
                    },
                }
            }
            3..5 => Act::Appoint {
                group,
                whom,
                role: [Role::Member, Role::Admin, Role::Owner][self.below(3)],
            },
            5 => Act::HandOver { group, whom },
            6..9 => Act::Add { group, whom },
            9 => Act::Kick { group, whom },
            10 => {
                return (
                    whom,
                    if self.chance(2) {
                        Act::Leave { group }
                    } else {
                        Act::Join { group }
                    },
                );
            }
            11 => return (whom, Act::Join { group }),
            12 => Act::Ban { group, whom },
            13 => Act::Unban { group, whom },
            15 => Act::Retain {
                at: Place::Group(group),
                retention: self.retention(),
            },
            14 => {
                return (
                    0,
                    Act::Import {
                        group,
                        count: 1 + self.below(20),
                    },
                );
            }
            _ => Act::Silence {
                group,
                whom,
                is_over: !self.chance(3),
            },
        };
        (user, act)
    }
}
