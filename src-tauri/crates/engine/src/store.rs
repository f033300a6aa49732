//! What is remembered of sessions: SQLite in the person's folder, in write-ahead mode, so that several processes can use it.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bottle_core::backend::BackendName;
use bottle_core::id::{AgentName, BottleName, SessionId};
use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Row, Transaction, TransactionBehavior, params,
};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// How a session stands, as the engine recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionState {
    /// It is being started.
    Starting,
    /// Claude runs in it, or a crash left it behind.
    Running,
    /// It ended badly or was interrupted, and its bottle is kept for `resume`.
    Preserved,
    /// It ended well and its bottle is gone.
    Settled,
}

impl SessionState {
    /// The word that is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Preserved => "preserved",
            Self::Settled => "settled",
        }
    }

    fn read(word: &str) -> Self {
        match word {
            "starting" => Self::Starting,
            "running" => Self::Running,
            "settled" => Self::Settled,
            _ => Self::Preserved,
        }
    }
}

/// A session as recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// Its agent.
    pub agent: AgentName,
    /// Its bottle.
    pub bottle: BottleName,
    /// What runs it.
    pub backend: BackendName,
    /// How it stands.
    pub state: SessionState,
    /// When it was started, in seconds since 1970.
    pub created_at: f64,
    /// When it ended, in seconds since 1970.
    pub ended_at: Option<f64>,
    /// How claude ended.
    pub exit_code: Option<i32>,
    /// Why it is preserved, in a few words.
    pub reason: Option<String>,
    /// Claude's own id of the conversation.
    pub conversation: String,
    /// The project folder it started from.
    pub workspace: Option<String>,
}

/// The database.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

/// How long other programs may keep the database from us.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause after the database was not to be had.
const PAUSE: Duration = Duration::from_millis(5);

/// Version of the tables that this program writes and reads.
const VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS sessions (
  id TEXT PRIMARY KEY, agent TEXT NOT NULL, bottle TEXT NOT NULL, backend TEXT NOT NULL, state TEXT NOT NULL,
  created_at REAL NOT NULL, ended_at REAL, exit_code INTEGER, reason TEXT, conversation TEXT NOT NULL, workspace TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS audit (
  session TEXT NOT NULL, boot TEXT NOT NULL, number INTEGER NOT NULL, at_ms REAL NOT NULL, event TEXT NOT NULL,
  PRIMARY KEY (session, boot, number)
) STRICT;
";

const COLUMNS: &str = "id, agent, bottle, backend, state, created_at, ended_at, exit_code, reason, conversation, workspace";

impl Store {
    /// Opens or makes the database file.
    ///
    /// # Errors
    /// [`EngineError::Store`] where it cannot be opened or is not ours, [`EngineError::StoreTooNew`].
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        let action = "open the sessions";
        let wrong = |source| EngineError::Store { action, source };
        let connection = Connection::open(path).map_err(wrong)?;
        let version = patiently(|| Self::prepare(&connection)).map_err(wrong)?;
        if version > VERSION {
            return Err(EngineError::StoreTooNew { version });
        }
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// Sets the connection up, makes the tables where there are none, and tells the version of what is there.
    fn prepare(connection: &Connection) -> rusqlite::Result<i64> {
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version == 0 {
            let making = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            making.execute_batch(&format!("{SCHEMA} PRAGMA user_version = {VERSION};"))?;
            making.commit()?;
            return Ok(VERSION);
        }
        Ok(version)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn run<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, EngineError> {
        work(&self.lock()).map_err(|source| EngineError::Store { action, source })
    }

    /// Adds a session.
    ///
    /// # Errors
    /// [`EngineError::Store`], also where the id is taken.
    pub fn add(&self, session: &SessionRecord) -> Result<(), EngineError> {
        self.run("add the session", |db| {
            db.execute(
                &format!(
                    "INSERT INTO sessions ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
                ),
                params![
                    session.id.as_str(),
                    session.agent.as_str(),
                    session.bottle.as_str(),
                    session.backend.as_str(),
                    session.state.as_str(),
                    session.created_at,
                    session.ended_at,
                    session.exit_code,
                    session.reason,
                    session.conversation,
                    session.workspace,
                ],
            )
            .map(drop)
        })
    }

    /// Records that a session is being started or runs.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub fn set_state(&self, id: &SessionId, state: SessionState) -> Result<(), EngineError> {
        self.run("record the session's state", |db| {
            db.execute(
                "UPDATE sessions SET state=?2, ended_at=NULL, exit_code=NULL, reason=NULL WHERE id=?1",
                params![id.as_str(), state.as_str()],
            )
            .map(drop)
        })
    }

    /// Records a session's end.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub fn set_ended(
        &self,
        id: &SessionId,
        state: SessionState,
        at: f64,
        exit_code: Option<i32>,
        reason: Option<&str>,
    ) -> Result<(), EngineError> {
        self.run("record the session's end", |db| {
            db.execute(
                "UPDATE sessions SET state=?2, ended_at=?3, exit_code=?4, reason=?5 WHERE id=?1",
                params![id.as_str(), state.as_str(), at, exit_code, reason],
            )
            .map(drop)
        })
    }

    /// Forgets a session and its security events. Absent is a success.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub fn forget(&self, id: &SessionId) -> Result<(), EngineError> {
        self.run("forget the session", |db| {
            db.execute("DELETE FROM audit WHERE session=?1", [id.as_str()])?;
            db.execute("DELETE FROM sessions WHERE id=?1", [id.as_str()])
                .map(drop)
        })
    }

    /// Looks a session up.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub fn get(&self, id: &SessionId) -> Result<Option<SessionRecord>, EngineError> {
        self.run("look the session up", |db| {
            db.query_row(
                &format!("SELECT {COLUMNS} FROM sessions WHERE id=?1"),
                [id.as_str()],
                record,
            )
            .optional()
        })
    }

    /// All sessions, newest first.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub fn list(&self) -> Result<Vec<SessionRecord>, EngineError> {
        self.run("list the sessions", |db| {
            let mut rows = db.prepare(&format!(
                "SELECT {COLUMNS} FROM sessions ORDER BY created_at DESC"
            ))?;
            rows.query_map([], record)?.collect()
        })
    }

    /// Adds security events of one life of a bundle, named by its certificate's fingerprint. Known numbers are passed over.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    pub(crate) fn add_event(
        &self,
        id: &SessionId,
        boot: &str,
        number: u32,
        at_ms: f64,
        event: &str,
    ) -> Result<(), EngineError> {
        self.run("record a security event", |db| {
            db.execute(
                "INSERT OR IGNORE INTO audit (session, boot, number, at_ms, event) VALUES (?1,?2,?3,?4,?5)",
                params![id.as_str(), boot, number, at_ms, event],
            )
            .map(drop)
        })
    }

    /// The next security events of a session in the order in which they were recorded: row, time and JSON text.
    pub(crate) fn events_after(
        &self,
        id: &SessionId,
        row: i64,
        limit: u32,
    ) -> Result<Vec<(i64, f64, String)>, EngineError> {
        self.run("read the security events", |db| {
            let mut rows = db.prepare_cached(
                "SELECT rowid, at_ms, event FROM audit WHERE session=?1 AND rowid>?2 ORDER BY rowid LIMIT ?3",
            )?;
            rows.query_map(params![id.as_str(), row, limit], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect()
        })
    }

    /// Security events of a session as JSON texts, oldest first.
    pub(crate) fn events(&self, id: &SessionId) -> Result<Vec<(f64, String)>, EngineError> {
        self.run("read the security events", |db| {
            let mut rows = db.prepare(
                "SELECT at_ms, event FROM audit WHERE session=?1 ORDER BY at_ms, number",
            )?;
            rows.query_map([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }
}

/// Does something again where other programs were in the way. SQLite waits by itself, but not where it turns a lock for reading into one
/// for writing, as it does where a database becomes a write-ahead one: two that do so at once would wait for each other for ever.
fn patiently<T>(mut work: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let began = Instant::now();
    loop {
        match work() {
            Err(error) if is_busy(&error) && began.elapsed() < PATIENCE => thread::sleep(PAUSE),
            done => return done,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn record(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    fn parse<T, E>(
        row: &Row<'_>,
        column: usize,
        read: impl Fn(String) -> Result<T, E>,
    ) -> rusqlite::Result<T>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let text: String = row.get(column)?;
        read(text).map_err(|e| {
            rusqlite::Error::FromSqlConversionFailure(
                column,
                rusqlite::types::Type::Text,
                Box::new(e),
            )
        })
    }
    let backend: String = row.get(3)?;
    let state: String = row.get(4)?;
    Ok(SessionRecord {
        id: parse(row, 0, SessionId::new)?,
        agent: parse(row, 1, AgentName::new)?,
        bottle: parse(row, 2, BottleName::new)?,
        backend: if backend == "docker" {
            BackendName::Docker
        } else {
            BackendName::Smolmachines
        },
        state: SessionState::read(&state),
        created_at: row.get(5)?,
        ended_at: row.get(6)?,
        exit_code: row.get(7)?,
        reason: row.get(8)?,
        conversation: row.get(9)?,
        workspace: row.get(10)?,
    })
}
