#include "tests/support/schema.h"

#include <filesystem>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "results/base/file.h"

namespace brokenpipe::testing {
namespace {

using Json = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

Json parsed_file(const std::string& name) {
  return Json::parse(read_file(std::filesystem::path(PROJECT_FILES) / "results/schema" / name));
}

}  // namespace

struct Schema::Parsed {
  valijson::Schema schema;
  /// Strict: a number is no string that holds one. Keeps the patterns that it has met.
  valijson::Validator validator{valijson::Validator::kStrongTypes};
};

Schema::Schema(const std::string& name) : parsed_(std::make_unique<Parsed>()) {
  const Json document = parsed_file(name);
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(
      Adapter(document), parsed_->schema,
      [](const std::string& uri) {
        return std::make_unique<const Json>(parsed_file(uri)).release();
      },
      [](const Json* fetched) { const std::unique_ptr<const Json> owned(fetched); });
}

Schema::~Schema() = default;
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;

std::string Schema::complaint_about(const Json& document) const {
  valijson::ValidationResults complaints;
  if (parsed_->validator.validate(parsed_->schema, Adapter(document), &complaints)) return {};
  std::string text;
  for (valijson::ValidationResults::Error error; complaints.popError(error);) {
    for (const std::string& part : error.context) text += part;
    text += ": " + error.description + "\n";
  }
  return text;
}

}  // namespace brokenpipe::testing
