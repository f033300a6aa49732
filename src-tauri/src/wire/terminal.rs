//! A terminal's size and bytes.

use serde::{Deserialize, Serialize};
use specta::datatype::DataType;
use specta::{Type, Types};
use tauri::ipc::{InvokeResponseBody, IpcResponse};

/// Rows and columns of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters in a line.
    pub columns: u16,
}

impl From<TerminalSize> for bottle_core::guest::TerminalSize {
    fn from(size: TerminalSize) -> Self {
        Self {
            rows: size.rows,
            columns: size.columns,
        }
    }
}

/// Bytes as they are: the page gets an `ArrayBuffer`, not a list of numbers in JSON.
#[derive(Debug, Clone)]
pub struct TerminalBytes(pub Vec<u8>);

impl IpcResponse for TerminalBytes {
    fn body(self) -> tauri::Result<InvokeResponseBody> {
        Ok(InvokeResponseBody::Raw(self.0))
    }
}

impl Type for TerminalBytes {
    fn definition(_: &mut Types) -> DataType {
        specta_typescript::define("ArrayBuffer").into()
    }
}
