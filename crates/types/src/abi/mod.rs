//! ABIs.
