mod supply;

use super::*;
use tokio::sync::watch;

fn watcher() -> (watch::Sender<bool>, Watcher) {
    let (stop, hears) = watch::channel(false);
    (stop, Watcher::new(hears, |text| drop(text())))
}

fn all() -> [Contender; 4] {
    [
        cairn("cairn", 10, 1),
        raw_file(),
        sled("flushed", false),
        sled("synced", true),
    ]
}

#[test]
fn contenders_hold_what_was_stored() {
    let dir = tempfile::tempdir().unwrap();
    let supply = Supply::new(10, 200, 7).unwrap();
    let (_stop, watcher) = watcher();
    let race = Race {
        contenders: &all(),
        supply: &supply,
        seconds: 0.1,
    };
    let outcomes = race
        .run("test", 8, &dir.path().join("race"), &watcher)
        .unwrap();
    assert_eq!(outcomes.len(), 4);
    for outcome in outcomes {
        let outcome = outcome.unwrap();
        assert_eq!(outcome.is_held, Some(true), "{outcome:?}");
        let Spread { median, min, max } = outcome.messages_per_s;
        assert!(0.0 < min && min <= median && median <= max, "{outcome:?}");
        assert!(outcome.disk_bytes_per_message.unwrap() > 0.0, "{outcome:?}");
    }
}

#[test]
fn contenders_return_messages_in_order() {
    for contender in all() {
        let dir = tempfile::tempdir().unwrap();
        let mut expected = Vec::new();
        for part in 0..3 {
            let mut storage = contender.open(dir.path()).unwrap();
            for msgid in part * 5 + 1..=part * 5 + 5 {
                let texts = [3, 0].map(|conversation| {
                    let key = Key {
                        conversation,
                        msgid,
                    };
                    (key, format!("{conversation} {msgid}"))
                });
                let mut batch = texts.iter().map(|(key, text)| (*key, text.as_str()));
                storage.store(&mut batch).unwrap();
                expected.extend(texts.map(|(key, text)| (key.conversation, text)));
            }
            storage.close().unwrap();
        }
        let mut read = Vec::new();
        let each = &mut |conversation, text: &[u8]| {
            read.push((conversation, String::from_utf8(text.to_vec()).unwrap()))
        };
        contender.open(dir.path()).unwrap().read(each).unwrap();
        // A storage may interleave conversations or not.
        read.sort_by_key(|&(conversation, _)| conversation);
        expected.sort_by_key(|&(conversation, _)| conversation);
        assert_eq!(read, expected, "{}", contender.name);
    }
}

/// Loses every second message.
struct Forgetful(Vec<(u64, String)>);

impl Storage for Forgetful {
    fn store(&mut self, batch: &mut Batch<'_>) -> Result<(), StorageFailure> {
        let kept = batch.filter(|(key, _)| key.msgid.is_multiple_of(2));
        self.0
            .extend(kept.map(|(key, text)| (key.conversation, text.to_owned())));
        if self.0.len() > 1_000 {
            Err("full".into())
        } else {
            Ok(())
        }
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        self.0
            .iter()
            .for_each(|(conversation, text)| each(*conversation, text.as_bytes()));
        Ok(())
    }
}

fn forgetful() -> Contender {
    Contender::new("forgetful", |_| Ok(Forgetful(Vec::new())))
}

#[test]
fn loss_and_failure_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let supply = Supply::new(2, 10, 7).unwrap();
    let (_stop, watcher) = watcher();
    // With no time, a round is one batch.
    let short = Race {
        contenders: &[forgetful()],
        supply: &supply,
        seconds: 0.0,
    };
    let outcomes = short
        .run("test", 8, &dir.path().join("short"), &watcher)
        .unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().is_held, Some(false));
    let long = Race {
        seconds: 300.0,
        ..short
    };
    let failed = long
        .run("test", 8, &dir.path().join("long"), &watcher)
        .unwrap_err();
    assert_eq!(failed.to_string(), "forgetful failed: full");
}

#[test]
fn interrupted_race_has_no_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let supply = Supply::new(2, 10, 7).unwrap();
    let (stop, watcher) = watcher();
    stop.send(true).unwrap();
    let race = Race {
        contenders: &all(),
        supply: &supply,
        seconds: 300.0,
    };
    let outcomes = race
        .run("test", 8, &dir.path().join("race"), &watcher)
        .unwrap();
    assert!(outcomes.iter().all(Option::is_none), "{outcomes:?}");
}
