//! A PostgreSQL of our own: a cluster in a temporary folder, asked through `psql`.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

use crate::nginx::free_address;
use crate::patience::eventually;

/// The superuser of the cluster.
const USER: &str = "shop";

/// Its password, which is asked for over TCP; nothing that a program writes may contain it.
pub const PASSWORD: &str = "not-to-be-seen";

/// How the server differs from one that has to survive a power cut. Statements are counted in every database.
const SETTINGS: [&str; 6] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_preload_libraries=pg_stat_statements",
    "listen_addresses=127.0.0.1",
];

/// A running cluster; stopped when dropped.
#[derive(Debug)]
pub struct Postgres {
    server: Child,
    port: u16,
    folder: TempDir,
    programs: Programs,
    databases: AtomicU32,
}

/// An empty database of a cluster, which runs as long as one of its databases is there.
#[derive(Debug, Clone)]
pub struct Database {
    postgres: Arc<Postgres>,
    name: String,
}

impl Database {
    /// A new one in the cluster of this process, which is started where it does not run.
    pub fn create() -> Self {
        static RUNNING: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let postgres = running.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Postgres::start().unwrap_or_else(|error| panic!("{error:#}")));
            *running = Arc::downgrade(&started);
            started
        });
        drop(running);
        let name = format!("test_{}", postgres.databases.fetch_add(1, Ordering::Relaxed));
        postgres.ask("postgres", &format!("CREATE DATABASE {name}"));
        postgres.ask(&name, "CREATE EXTENSION pg_stat_statements");
        Self { postgres, name }
    }

    /// Where it is, over TCP and with the password: `postgres://USER:PASSWORD@127.0.0.1:PORT/NAME`.
    pub fn url(&self) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{}", self.postgres.port, self.name)
    }

    /// Where it is, by the socket in the cluster's folder and without a password.
    pub fn socket_url(&self) -> String {
        let folder = self.postgres.folder.path().display();
        format!("postgres:///{}?host={folder}&port={}&user={USER}", self.name, self.postgres.port)
    }

    /// What the database answers to SQL: a line for each row, its columns separated by `|`.
    #[track_caller]
    pub fn ask(&self, sql: &str) -> String {
        self.postgres.ask(&self.name, sql)
    }

    /// What the server has logged since it was started.
    pub fn log(&self) -> String {
        self.postgres.log()
    }
}

impl Postgres {
    fn start() -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let folder = tempfile::Builder::new().prefix("drumfire-postgres-").tempdir()?;
        if let Some((user, group)) = programs.owner {
            chown(folder.path(), Some(user), Some(group))?;
        }
        fs::write(folder.path().join("password"), PASSWORD)?;
        let mut initdb = programs.command("initdb", folder.path());
        initdb.args(["--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8"]);
        initdb.args(["--locale=C", "--username", USER, "--pwfile", "password", "--pgdata", "data"]);
        let made = initdb.output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));

        let port = free_address()?.port();
        let server = programs.serve(folder.path(), port)?;
        let mut postgres = Self { server, port, folder, programs, databases: AtomicU32::new(0) };
        let mut attempts = 1;
        loop {
            eventually("PostgreSQL answers or ends", || (postgres.answers() || postgres.has_ended()).then_some(()));
            if !postgres.has_ended() {
                return Ok(postgres);
            }
            ensure!(attempts < 3, "PostgreSQL does not start:\n{}", postgres.log());
            // Somebody else may have taken the port before the server did.
            attempts += 1;
            postgres.port = free_address()?.port();
            postgres.server = postgres.programs.serve(postgres.folder.path(), postgres.port)?;
        }
    }

    #[track_caller]
    fn ask(&self, database: &str, sql: &str) -> String {
        let Output { status, stdout, stderr } = self.psql(database, sql);
        assert!(status.success(), "{sql}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8_lossy(&stdout).trim_end().to_owned()
    }

    fn answers(&self) -> bool {
        self.psql("postgres", "SELECT 1").status.success()
    }

    fn psql(&self, database: &str, sql: &str) -> Output {
        let mut psql = self.programs.command("psql", self.folder.path());
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", database, "-c", sql]);
        psql.arg("-h").arg(self.folder.path()).args(["-p", &self.port.to_string()]);
        psql.stdin(Stdio::null()).output().expect("psql can be run")
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.server.try_wait(), Ok(None))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The one that ends its other processes as well, and at once.
        let _ = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let _ = self.server.wait();
    }
}

/// PostgreSQL's programs, and who they are run as.
#[derive(Debug)]
struct Programs {
    folder: PathBuf,
    /// User and group of another than root, as which the server refuses to run.
    owner: Option<(u32, u32)>,
}

impl Programs {
    fn find() -> anyhow::Result<Self> {
        // Debian keeps them in a folder for each version, and only wrappers on the path.
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let folders = versions.map(|version| version.path().join("bin"));
        let path = std::env::var("PATH").unwrap_or_default();
        let folder = folders
            .chain(std::env::split_paths(&path))
            .find(|folder| folder.join("initdb").is_file())
            .context("PostgreSQL is not installed: apt-get install postgresql")?;
        Ok(Self { folder, owner: if getuid().is_root() { Some(owner()?) } else { None } })
    }

    /// Starts the server of the cluster in a folder.
    fn serve(&self, folder: &Path, port: u16) -> anyhow::Result<Child> {
        let mut server = self.command("postgres", folder);
        server.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-p", &port.to_string()]);
        server.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        let log = File::options().create(true).append(true).open(folder.join("log"))?;
        Ok(server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?)
    }

    /// One of the programs, in a folder.
    fn command(&self, name: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.folder.join(name));
        command.current_dir(folder).env("LC_ALL", "C");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

/// The user that the package has made, and its group.
fn owner() -> anyhow::Result<(u32, u32)> {
    let id = |flag| -> anyhow::Result<u32> {
        let said = Command::new("id").args([flag, "postgres"]).output()?;
        String::from_utf8(said.stdout)?.trim().parse().context("there is no user postgres to run the server as")
    };
    Ok((id("-u")?, id("-g")?))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn it_answers_counts_statements_and_is_gone_when_dropped() {
        let database = Database::create();
        assert_eq!(database.ask("SELECT 1, 'a' UNION ALL SELECT 2, 'b'"), "1|a\n2|b");
        let counted = database.ask("SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%UNION ALL%'");
        assert_eq!(counted, "1");

        let other = Database::create();
        assert_ne!(database.url(), other.url(), "every test has one of its own");
        let port = database.postgres.port;
        drop((database, other));
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens any more");
    }
}
