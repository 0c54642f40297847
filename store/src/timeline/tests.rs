use super::*;

fn id(n: u64) -> MsgId {
    MsgId::new(n)
}

fn entry(n: u64) -> Bytes {
    let text = format!("message {n}");
    [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()]
        .concat()
        .into()
}

fn entries(ids: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    ids.flat_map(|n| entry(n).to_vec()).collect()
}

fn timeline(stored: u64, head: u64) -> Timeline {
    let timeline = Timeline::new(ConversationId::new(5), MsgId::ZERO, id(stored));
    timeline
        .publish(id(stored + 1), (stored + 1..=head).map(entry))
        .unwrap();
    timeline
}

fn read(timeline: &Timeline, from: u64, limits: RunLimits) -> Run {
    match timeline.read_tail(id(from), limits) {
        TailRead::Hit(run) => run,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tail_read_hits_or_points_to_disk() {
    let timeline = timeline(10, 14);
    assert_eq!(timeline.head(), id(14));
    assert_eq!(timeline.read_tail(id(10), RunLimits::MAX), TailRead::OnDisk);
    assert_eq!(
        timeline.read_tail(id(15), RunLimits::MAX),
        TailRead::CaughtUp
    );
    let run = read(&timeline, 12, RunLimits::MAX);
    assert_eq!(
        (run.first, run.count, run.entries),
        (id(12), 3, entries(12..=14).into())
    );
    assert_eq!(
        read(&timeline, 12, RunLimits::of_messages(2)).last(),
        id(13)
    );
    assert_eq!(read(&timeline, 12, RunLimits::MAX.and_bytes(0)).count, 1);
}

#[test]
fn readers_at_the_same_position_share_a_buffer() {
    let timeline = timeline(0, 4);
    let (first, second) = (
        read(&timeline, 2, RunLimits::MAX),
        read(&timeline, 2, RunLimits::MAX),
    );
    assert_eq!(first.entries.as_ptr(), second.entries.as_ptr());
    let full = read(&timeline, 2, RunLimits::of_messages(2));
    timeline.publish(id(5), [entry(5)]).unwrap();
    assert_eq!(
        read(&timeline, 2, RunLimits::of_messages(2))
            .entries
            .as_ptr(),
        full.entries.as_ptr()
    );
    assert_eq!(read(&timeline, 2, RunLimits::MAX).last(), id(5));
}

#[test]
fn gap_is_refused() {
    let timeline = timeline(3, 5);
    for found in [4, 5, 7] {
        let gap = TimelineGap {
            conversation: ConversationId::new(5),
            expected: id(6),
            found: id(found),
        };
        assert_eq!(timeline.publish(id(found), [entry(found)]), Err(gap));
    }
    assert_eq!(timeline.head(), id(5));
}

#[test]
fn trim_moves_only_the_tail() {
    let timeline = timeline(0, 6);
    timeline.trim(id(4));
    assert_eq!((timeline.stored(), timeline.head()), (id(4), id(6)));
    assert_eq!(timeline.read_tail(id(4), RunLimits::MAX), TailRead::OnDisk);
    assert_eq!(
        read(&timeline, 5, RunLimits::MAX).entries,
        Bytes::from(entries(5..=6))
    );
    timeline.trim(id(2));
    assert_eq!(timeline.stored(), id(4));
    timeline.trim(id(100));
    assert_eq!(
        (timeline.stored(), timeline.head(), timeline.is_stored()),
        (id(6), id(6), true)
    );
    assert_eq!(timeline.publish(id(7), [entry(7)]), Ok(id(7)));
}

#[test]
fn rewrite_during_checkpoint_survives_trim() {
    let timeline = timeline(0, 4);
    timeline.rewrite(id(2), entry(20));
    let taken = timeline.rewritten();
    let first = timeline.unstored(id(4)).1;
    assert_eq!(first[1], entry(20));
    timeline.rewrite(id(3), entry(30));
    timeline.trim(id(4));
    timeline.forget_rewritten(&taken, id(4));
    assert_eq!(*timeline.rewritten(), BTreeMap::from([(id(3), entry(30))]));
    assert!(!timeline.is_stored());
}

#[test]
fn only_idle_timelines_are_evicted() {
    let timelines = Timelines::new();
    let conversation = ConversationId::new(5);
    let held = timelines.get_or_insert_with(conversation, || timeline(0, 1));
    assert!(!timelines.evict(conversation));
    held.trim(id(1));
    assert!(!timelines.evict(conversation));
    drop(held);
    assert!(timelines.evict(conversation));
    assert!(timelines.get(conversation).is_none());
}
