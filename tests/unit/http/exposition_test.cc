#include "http/metrics/exposition.h"

#include <gtest/gtest.h>

#include <array>

#include "http/metrics/sections.h"

namespace leveret::http::metrics {
namespace {

constexpr Family jobs{"jobs_total", Type::counter, "Jobs done"};
constexpr std::array bounds{0.25, 1.0};

std::string in(Format format, const Family& family, std::string_view labels, double value) {
  Exposition out{format};
  out.begin(family);
  out.sample(labels, value);
  out.end();
  return out.take();
}

TEST(Exposition, WritesAFamilyAndItsSamples) {
  Exposition out{Format::text};
  out.begin(jobs, "my_");
  out.sample(label_text({{"vhost", "/"}, {"queue", "q"}}), std::uint64_t{7});
  out.sample("", std::uint64_t{1} << 63U);
  out.end();
  EXPECT_EQ(out.take(),
            "# TYPE my_jobs_total counter\n# HELP my_jobs_total Jobs done\n"
            "my_jobs_total{vhost=\"/\",queue=\"q\"} 7\nmy_jobs_total 9223372036854775808\n");
}

TEST(Exposition, EscapesWhatALabelMayNotHold) {
  EXPECT_EQ(label_text({{"queue", "a\\b\"c\nd"}}), R"(queue="a\\b\"c\nd")");
  EXPECT_EQ(label_text({{"queue", "Grüße {x=\"1\"}\t,"}}), "queue=\"Grüße {x=\\\"1\\\"}\t,\"");
}

TEST(Exposition, NamesThatAreNotUtf8StayDifferent) {
  EXPECT_EQ(label_text({{"queue", "\xff"}}), R"(queue="\\xff")");
  EXPECT_NE(label_text({{"queue", "\xff"}}), label_text({{"queue", "\xfe"}}));
}

TEST(Exposition, OpenMetricsNamesACounterWithoutItsEndingAndEnds) {
  EXPECT_EQ(in(Format::open_metrics, jobs, "", 1.5),
            "# TYPE jobs counter\n# HELP jobs Jobs done\njobs_total 1.5\n# EOF\n");
  EXPECT_EQ(in(Format::open_metrics, {"info", Type::untyped, "x"}, "", 1),
            "# TYPE info unknown\n# HELP info x\ninfo 1\n# EOF\n");
  EXPECT_EQ(in(Format::text, {"info", Type::untyped, "x"}, "", 1),
            "# TYPE info untyped\n# HELP info x\ninfo 1\n");
}

TEST(Exposition, WritesAHistogramWithRisingBuckets) {
  Histogram times{bounds};
  for (const double time : {0.125, 0.5, 0.5, 4.0}) times.add(time);
  Exposition out{Format::text};
  out.begin({"t_seconds", Type::histogram, "T"});
  out.sample("loop=\"core\"", times);
  EXPECT_EQ(out.take(),
            "# TYPE t_seconds histogram\n# HELP t_seconds T\n"
            "t_seconds_bucket{loop=\"core\",le=\"0.25\"} 1\n"
            "t_seconds_bucket{loop=\"core\",le=\"1\"} 3\n"
            "t_seconds_bucket{loop=\"core\",le=\"+Inf\"} 4\n"
            "t_seconds_sum{loop=\"core\"} 5.125\nt_seconds_count{loop=\"core\"} 4\n");
}

TEST(Exposition, TheFormatIsTheOneThatIsMoreWelcome) {
  // What Prometheus 2.42 sends.
  EXPECT_EQ(choose_format("application/openmetrics-text;version=1.0.0,"
                          "application/openmetrics-text;version=0.0.1;q=0.75,"
                          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            Format::open_metrics);
  EXPECT_EQ(choose_format("text/plain, application/openmetrics-text;q=0.5"), Format::text);
  EXPECT_EQ(choose_format("application/openmetrics-text;q=0"), Format::text);
  EXPECT_EQ(choose_format("*/*"), Format::text);
  EXPECT_EQ(choose_format(""), Format::text);
}

TEST(Sections, AreWrittenInPiecesThatComeToTheSame) {
  const auto write = [](std::size_t bytes) {
    Sections sections;
    sections.add("p_", jobs, 100, [](Exposition& out, std::size_t index) {
      out.sample(label_text({{"n", std::to_string(index)}}), std::uint64_t{index});
    });
    sections.add("p_", {"none", Type::gauge, "N"}, 0, nullptr);
    sections.one("p_", {"last", Type::gauge, "L"}, std::uint64_t{1});
    Exposition out{Format::open_metrics};
    std::string text;
    std::size_t pieces = 0;
    for (std::string piece; !(piece = sections.next(out, bytes)).empty(); ++pieces) text += piece;
    EXPECT_EQ(pieces == 1, bytes > 10'000);
    return text;
  };
  const std::string whole = write(1'000'000);
  EXPECT_EQ(write(64), whole);
  EXPECT_EQ(whole.find("none"), std::string::npos);
  EXPECT_TRUE(whole.ends_with("p_last 1\n# EOF\n"));
}

}  // namespace
}  // namespace leveret::http::metrics
