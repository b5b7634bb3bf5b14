//! Where the control socket is: in the run directory, for its owner only.
//!
//! An address of a Unix socket has room for about a hundred bytes. Where a path is longer, its folder is opened, and the
//! socket is reached through the descriptor, whose path is short.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};

/// Its name in the run directory.
pub const NAME: &str = "control.sock";

/// The longest path that an address holds, its end included.
const LONGEST_PATH: usize = 108;
/// How many may wait to be let in.
const WAITING: i32 = 16;

/// A socket that is listened at; gone when this is.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    /// Where connections come from.
    pub listener: UnixListener,
}

impl Door {
    /// Opens the door of a run directory.
    ///
    /// # Errors
    /// Where its file system has no sockets, or the system says no.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join(NAME);
        let listener = match listen_at(&path) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && is_stale(&path) => {
                fs::remove_file(&path)?;
                listen_at(&path)?
            }
            result => result?,
        };
        Ok(Self { path, listener })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Whoever took it away was faster.
        let _ = fs::remove_file(&self.path);
    }
}

/// Connects to a socket.
///
/// # Errors
/// What the system says.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    let (short, _folder) = shortened(path)?;
    UnixStream::connect(short)
}

/// Nobody may come in before the permissions are right: they are set before anybody is listened to.
fn listen_at(path: &Path) -> io::Result<UnixListener> {
    let (short, _folder) = shortened(path)?;
    let socket =
        socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    bind(&socket, &SocketAddrUnix::new(&short)?)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    listen(&socket, WAITING)?;
    Ok(UnixListener::from(socket))
}

/// Whether a socket is there that nobody listens at.
fn is_stale(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
        && connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// A path that an address has room for, with the folder that it leads through where that has to stay open.
fn shortened(path: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok((path.to_owned(), None)) };
    if path.as_os_str().len() < LONGEST_PATH {
        return Ok((path.to_owned(), None));
    }
    let folder = File::open(folder)?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    Ok((short, Some(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(directory: &Path) {
        let door = Door::open(directory).expect("a door");
        let path = directory.join(NAME);
        let mode = fs::metadata(&path).expect("a socket").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{mode:o}");
        connect(&path).expect("it is listened at");
        assert!(Door::open(directory).is_err(), "nobody takes it away from whoever listens");
        drop(door);
        assert!(!path.exists(), "it is gone with whoever listened");
    }

    #[test]
    fn a_door_is_there_as_long_as_somebody_listens() {
        meet(tempfile::tempdir().expect("a folder").path());
    }

    #[test]
    fn a_path_may_be_longer_than_an_address() {
        let home = tempfile::tempdir().expect("a folder");
        let deep = home.path().join("a".repeat(100)).join("b".repeat(100));
        fs::create_dir_all(&deep).expect("a folder");
        meet(&deep);
    }

    #[test]
    fn a_socket_that_was_left_behind_is_no_obstacle() {
        let home = tempfile::tempdir().expect("a folder");
        drop(UnixListener::bind(home.path().join(NAME)).expect("a socket"));
        meet(home.path());
    }

    #[test]
    fn a_file_that_is_no_socket_is_left_as_it_is() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join(NAME);
        fs::write(&path, "kept").expect("a file");
        assert!(Door::open(home.path()).is_err());
        assert_eq!(fs::read_to_string(path).expect("a file"), "kept");
    }
}
