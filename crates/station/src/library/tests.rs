use std::fs;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn version(connection: &Connection) -> i64 {
    let read = connection.query_row("PRAGMA user_version", [], |row| row.get(0));
    read.expect("a version")
}

/// The files that were set aside, by what their names hold.
fn aside(folder: &Path, word: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path());
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.contains(word) && name.ends_with(".sqlite3")
    };
    files.filter(is_it).collect()
}

#[test]
fn a_library_is_made_once_and_found_again_up_to_date() {
    let folder = folder();
    let path = folder.path().join("new/library.sqlite3");
    for _ in 0..2 {
        let opened = open(&path).expect("a library");
        assert_eq!((version(&opened.connection), opened.warning), (schema::VERSION, None));
    }
    assert!(open_to_read(&path).is_ok());
}

#[test]
fn a_file_that_is_no_library_is_set_aside_as_it_is_and_named() {
    let folder = folder();
    let path = folder.path().join(FILE);
    let garbage = b"This was somebody's shopping list, long enough to look like a page of a database.".repeat(99);
    fs::write(&path, &garbage).expect("written");
    assert!(matches!(open_to_read(&path), Err(LibraryError::Broken { .. })));
    let warning = open(&path).expect("a new one").warning.expect("said");
    let kept = aside(folder.path(), "broken");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(fs::read(&kept[0]).expect("it is there"), garbage);
    assert!(warning.contains(&kept[0].display().to_string()), "{warning}");
    assert_eq!(open(&path).expect("the new one").warning, None);
}

#[test]
fn a_library_of_a_newer_airdesk_is_set_aside_unchanged() {
    let folder = folder();
    let path = folder.path().join(FILE);
    let newer = Connection::open(&path).expect("a database");
    newer
        .execute_batch(
            "CREATE TABLE future (secret TEXT); INSERT INTO future VALUES ('kept'); PRAGMA user_version = 99",
        )
        .expect("written");
    drop(newer);
    let warning = open(&path).expect("a new one").warning.expect("said");
    assert!(warning.contains("newer Airdesk") && warning.contains("99"), "{warning}");
    let kept = aside(folder.path(), "newer");
    let kept = Connection::open(&kept[0]).expect("it is there");
    let secret: String = kept
        .query_row("SELECT secret FROM future", [], |row| row.get(0))
        .expect("unchanged");
    assert_eq!((secret.as_str(), version(&kept)), ("kept", 99));
}

#[test]
fn a_library_of_the_first_version_has_tracks_too_and_keeps_what_is_in_it() {
    let folder = folder();
    let path = folder.path().join(FILE);
    let older = Connection::open(&path).expect("a database");
    older.execute_batch(schema::first()).expect("the first version");
    older
        .execute_batch(
            "INSERT INTO desks (session, began, seen, east) VALUES ('evening', 1, 2, 0); PRAGMA user_version = 1",
        )
        .expect("written");
    drop(older);
    let refused = open_to_read(&path)
        .map(|_| ())
        .expect_err("a desk brings it up to date");
    assert!(matches!(refused, LibraryError::Older { .. }), "{refused}");
    let opened = open(&path).expect("brought up to date");
    assert_eq!((version(&opened.connection), opened.warning), (schema::VERSION, None));
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        opened.connection.query_row(&sql, [], |row| row.get(0)).expect(table)
    };
    assert_eq!((count("desks"), count("tracks"), count("plays")), (1, 0, 0));
}

#[test]
fn a_reader_changes_nothing_and_says_when_there_is_nothing() {
    let folder = folder();
    let path = folder.path().join(FILE);
    let missing = open_to_read(&path).map(|_| ()).expect_err("there is none");
    assert_eq!(missing.recovery(), Recovery::AskOperator);
    assert!(!path.exists());
    open(&path).expect("a library");
    let reader = open_to_read(&path).expect("readable");
    assert!(reader.execute("DELETE FROM timeline", []).is_err());
}
