//! Pages and questions, and what goes when there is too much.

use super::*;

/// A library with so many titles, of which every hundredth is a loss instead.
fn filled(folder: &Path, count: u64) {
    let mut desk = Desk::new(folder, "/session.toml");
    for number in 1..=count {
        if number % 100 == 0 {
            desk.note(
                "stream",
                Happening::Loss {
                    frames: number,
                    seconds: 0.0,
                },
            );
        } else {
            desk.title(&format!("Ночь {number}"));
        }
    }
    desk.end();
}

#[test]
fn pages_follow_each_other_without_a_gap_whatever_is_chosen() {
    let folder = folder();
    filled(folder.path(), 1_234);
    let with_12 = (1..=1_234).filter(|number| number % 100 != 0 && number.to_string().contains("12"));
    let chosen = [
        (vec![], "", 1_234),
        (vec![TimelineKind::Loss], "", 12),
        (vec![TimelineKind::Loss, TimelineKind::Title], "", 1_234),
        (vec![TimelineKind::Title], "ночь 12", with_12.count()),
        (vec![], "НОЧЬ title", 1_222),
        (vec![TimelineKind::OnAir], "", 0),
        (vec![], "nowhere", 0),
    ];
    for (kinds, words, count) in chosen {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let mut question = Question {
                kinds: kinds.clone(),
                words: words.into(),
                limit: 7,
                order,
                ..Question::default()
            };
            let (mut numbers, mut pages) = (Vec::new(), 0);
            loop {
                let page = read(folder.path(), &question);
                pages += 1;
                assert!(page.entries.len() <= 7);
                numbers.extend(page.entries.iter().map(|entry| entry.number));
                match (page.next, order) {
                    (None, _) => break,
                    (next, Order::NewestFirst) => question.before = next,
                    (next, Order::OldestFirst) => question.after = next,
                }
            }
            let different: BTreeSet<_> = numbers.iter().collect();
            assert_eq!((different.len(), numbers.len()), (count, count), "{kinds:?} {words:?}");
            assert!(numbers.is_sorted() || numbers.iter().rev().is_sorted());
            assert!(pages <= count / 7 + 1);
        }
    }
}

#[test]
fn no_question_of_a_console_looks_at_the_whole_table_or_sorts_it() {
    let folder = folder();
    filled(folder.path(), 10);
    let connection = open(folder.path());
    for sql in [
        "SELECT happening FROM timeline WHERE number BETWEEN 5 AND 9 ORDER BY number DESC",
        "SELECT number FROM timeline WHERE kind = 'loss' AND number BETWEEN 5 AND 9 ORDER BY number DESC LIMIT 3",
        "SELECT min(number), max(number) FROM timeline WHERE utc >= 5 AND utc < 7",
        "SELECT desk, seen, east FROM desks WHERE session = 'x' AND ended = 0",
    ] {
        let mut plan = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .expect("a plan");
        let steps = plan.query_map([], |row| row.get::<_, String>(3)).expect("steps");
        let steps: Vec<String> = steps.flatten().collect();
        let fast = steps.iter().all(|step| {
            step.starts_with("SEARCH") || step.starts_with("USE TEMP B-TREE FOR ORDER BY") && sql.contains("desks")
        });
        assert!(fast, "{sql}: {steps:?}");
    }
}

#[test]
fn the_oldest_go_a_few_at_a_time_until_the_bounds_hold() {
    let folder = folder();
    filled(folder.path(), 2_000);
    let connection = open(folder.path());
    let now = Timestamp::now().as_microsecond();
    let mut limits = Limits {
        days: 400,
        entries: 700,
        bytes: i64::MAX,
        stay: 0,
    };
    let mut rounds = 0;
    while prune(&connection, &limits, now).expect("pruned") == Pruned::More {
        rounds += 1;
    }
    assert_eq!(rounds, 3, "500 at a time");
    let left = read(folder.path(), &all()).entries;
    assert_eq!((left.len(), left[0].number), (700, 1_301));
    // Empty, its tables take half of that.
    limits.bytes = 150_000;
    while prune(&connection, &limits, now).expect("pruned") == Pruned::More {}
    let left = read(folder.path(), &all()).entries.len();
    assert!((1..700).contains(&left), "{left} are left");
    (limits.bytes, limits.stay) = (1, left as i64);
    assert_eq!(
        prune(&connection, &limits, now),
        Ok(Pruned::Enough),
        "what takes the room may be tracks"
    );
    // A year and a half later.
    limits.bytes = i64::MAX;
    let day = 24 * 3_600 * 1_000_000;
    assert_eq!(prune(&connection, &limits, now + 399 * day), Ok(Pruned::Enough));
    assert_eq!(read(folder.path(), &all()).entries.len(), left);
    assert_eq!(prune(&connection, &limits, now + 401 * day), Ok(Pruned::Enough));
    assert!(read(folder.path(), &all()).entries.is_empty());
}
