// What AtomicFile and AppendFile share.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "io/file_ops.h"

namespace zlens {

[[noreturn]] void throw_system_error(const std::filesystem::path& path, const std::string& what, int error);

// Writes all of `bytes`, going on after signals and short writes. Returns 0 or the errno of the call that failed.
int write_all(FileOps& ops, int descriptor, std::span<const std::byte> bytes);

// Makes new and renamed entries of the folder of `file` durable. Throws Error.
void sync_folder_of(const std::filesystem::path& file, FileOps& ops);

}  // namespace zlens
