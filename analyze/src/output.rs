//! Files that are written whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Writes a file through `write`, whole or not at all: what is there stays there until the new one is complete on disk. What
/// is no plain file (a pipe, a device) is written to as it is.
///
/// # Errors
/// Where the file cannot be written, or the error of `write`; nothing is left behind then.
pub fn write_whole<T, E: From<io::Error>>(path: &Path, write: impl FnOnce(&mut File) -> Result<T, E>) -> Result<T, E> {
    // Behind a link lies the file that is meant.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|there| !there.is_file()) {
        return write(&mut OpenOptions::new().write(true).open(&target)?);
    }
    let beside = Beside::of(&target)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(&beside.path)?;
    let done = write(&mut file)?;
    file.sync_all()?;
    fs::rename(&beside.path, &target)?;
    Ok(done)
}

/// The file that is written in place of another until it is complete; it goes with this value, unless it was renamed.
struct Beside {
    path: PathBuf,
}

impl Beside {
    fn of(target: &Path) -> io::Result<Self> {
        let no_file = || io::Error::new(io::ErrorKind::InvalidInput, "this names no file");
        let mut name = OsString::from(".");
        name.push(target.file_name().ok_or_else(no_file)?);
        name.push(format!(".{}.part", std::process::id()));
        Ok(Self { path: target.with_file_name(name) })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After a rename, or where it could not be created, there is none.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        entries.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let path = home.path().join("out");
        write_whole(&path, |file| file.write_all(b"first")).expect("writable");
        let half = write_whole(&path, |file| {
            file.write_all(b"sec")?;
            Err::<(), _>(io::Error::other("the disk is full"))
        });
        assert!(half.is_err());
        assert_eq!(fs::read(&path).expect("still there"), b"first");
        assert_eq!(names_in(home.path()), ["out"]);
    }

    #[test]
    fn behind_a_link_the_file_is_replaced_and_the_link_stays() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let (file, link) = (home.path().join("file"), home.path().join("link"));
        fs::write(&file, "before").expect("writable");
        std::os::unix::fs::symlink(&file, &link).expect("linkable");
        write_whole(&link, |file| file.write_all(b"after")).expect("writable");
        assert_eq!(fs::read(&file).expect("there"), b"after");
        assert!(link.is_symlink());
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        write_whole(Path::new("/dev/null"), |file| file.write_all(b"gone")).expect("writable");
        assert!(!fs::metadata("/dev/null").expect("there").is_file());
    }

    #[test]
    fn a_folder_is_no_file() {
        let home = tempfile::tempdir().expect("a temporary directory");
        assert!(write_whole(home.path(), |_| Ok::<(), io::Error>(())).is_err());
        assert_eq!(names_in(home.path()), Vec::<String>::new());
    }
}
