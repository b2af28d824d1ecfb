#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>

#include "api/time.h"
#include "cli/commands.h"
#include "cli/complete.h"

namespace {

using namespace sandboxlet;
using cli::Connection;

// One run of the program: what the flags say, and what is to be done about it.
struct Invocation {
  std::string socket = cli::default_socket();
  cli::Target target{"default", ""};
  cli::ApplyOptions apply;
  cli::GetOptions get;
  cli::DeleteOptions remove;
  cli::ExecOptions exec;
  cli::LogsOptions logs;
  cli::WaitOptions wait;
  std::string timeout;
  std::string awaited;
  std::string since;
  std::string depth;
  std::string shell;
  bool follow = false;
  std::string output;
  std::function<Result<int>(Connection&)> run;
};

const CLI::Validator kSandboxName(
    [](std::string& text) -> std::string {
      const auto name = cli::parse_name(text);
      if (!name) return name.error().message();
      text = *name;
      return "";
    },
    "");

void add_name(CLI::App* command, std::string& name) {
  command->add_option("NAME", name, "The Sandbox's name")->required()->transform(kSandboxName);
}

// "30s", or a number of seconds.
Duration parse_flag_duration(const char* flag, const std::string& text) {
  const bool bare = text.find_first_not_of("0123456789") == std::string::npos;
  const auto duration = api::parse_duration(bare ? text + "s" : text);
  if (!duration) throw CLI::ValidationError(flag, duration.error().message());
  if (*duration <= Duration::zero()) throw CLI::ValidationError(flag, "must be above 0");
  return *duration;
}

void add_apply(CLI::App& app, Invocation& call) {
  CLI::App* const apply = app.add_subcommand("apply", "Create or change Sandboxes from manifests");
  apply->add_option("-f,--filename", call.apply.files, "A YAML or JSON file, - for standard input")
      ->required();
  apply->add_flag("--dry-run", call.apply.dry_run, "Say what would happen, change nothing");
  apply->footer(
      "Examples:\n"
      "  sandboxctl apply -f sandbox.yaml\n"
      "  sandboxctl apply -f - < sandbox.yaml\n"
      "  sandboxctl apply -f sandbox.yaml --dry-run");
  apply->callback([&call] {
    call.apply.namespace_ = call.target.namespace_;
    call.run = [&call](Connection& to) { return cli::apply(to, call.apply); };
  });
}

void add_get(CLI::App& app, Invocation& call) {
  CLI::App* const get = app.add_subcommand("get", "List Sandboxes");
  get->add_option("NAME", call.get.names, "Only these")->transform(kSandboxName);
  get->add_option("-o,--output", call.get.output, "wide, json, yaml or name")
      ->check(CLI::IsMember({"wide", "json", "yaml", "name"}));
  get->add_option("-l,--selector", call.get.selector, "Only those with these labels, like a=b");
  get->add_flag("-A,--all-namespaces", call.get.all_namespaces, "Of every namespace");
  get->add_flag("-w,--watch", call.get.watch, "Go on with each change");
  get->footer(
      "Examples:\n"
      "  sandboxctl get\n"
      "  sandboxctl get -A -o wide\n"
      "  sandboxctl get dev -o yaml\n"
      "  sandboxctl get -l app=agent --watch");
  get->callback([&call] {
    call.get.namespace_ = call.target.namespace_;
    call.run = [&call](Connection& to) { return cli::get(to, call.get); };
  });
}

void add_delete(CLI::App& app, Invocation& call) {
  CLI::App* const remove =
      app.add_subcommand("delete", "Delete Sandboxes with all that they hold, kept data as well");
  remove->add_option("NAME", call.remove.names, "The Sandboxes' names")->transform(kSandboxName);
  remove->add_option("-f,--filename", call.remove.files, "Those of these manifests");
  remove->add_option("--grace-period", call.remove.grace_seconds,
                     "Seconds between TERM and KILL; default: as the template says");
  remove->add_flag("--wait,!--no-wait", call.remove.wait, "Until all is gone (the default)");
  remove->footer(
      "Examples:\n"
      "  sandboxctl delete dev\n"
      "  sandboxctl delete -f sandbox.yaml --no-wait\n"
      "  sandboxctl get -l app=agent -o name | xargs sandboxctl delete");
  remove->callback([&call] {
    if (call.remove.names.empty() && call.remove.files.empty()) {
      throw CLI::RequiredError("a NAME or --filename");
    }
    call.remove.namespace_ = call.target.namespace_;
    call.run = [&call](Connection& to) { return cli::remove(to, call.remove); };
  });
}

void add_suspension(CLI::App& app, Invocation& call) {
  CLI::App* const suspend = app.add_subcommand(
      "suspend",
      "Suspend a Sandbox. Freeze keeps everything and gives back the CPU; Hibernate gives back its "
      "memory too; Stop keeps address and volumes; Terminate keeps persistent volumes");
  add_name(suspend, call.target.name);
  suspend
      ->add_option("--depth", call.depth,
                   "Freeze, Hibernate, Stop or Terminate; default: as the spec says")
      ->check(CLI::IsMember({"Freeze", "Hibernate", "Stop", "Terminate"}));
  suspend->footer(
      "Examples:\n"
      "  sandboxctl suspend dev\n"
      "  sandboxctl suspend dev --depth Stop");
  suspend->callback([&call] {
    call.run = [&call](Connection& to) { return cli::suspend(to, call.target, call.depth); };
  });
  CLI::App* const resume = app.add_subcommand("resume", "Resume a suspended Sandbox");
  add_name(resume, call.target.name);
  resume->callback(
      [&call] { call.run = [&call](Connection& to) { return cli::resume(to, call.target); }; });
}

void add_exec(CLI::App& app, Invocation& call) {
  CLI::App* const exec = app.add_subcommand(
      "exec",
      "Run a command in a container; a suspended Sandbox is resumed. Ends with its exit code");
  add_name(exec, call.exec.target.name);
  exec->add_option("-c,--container", call.exec.container, "The container; default: the first");
  exec->add_flag("-i,--stdin", call.exec.stdin, "Pass standard input on");
  exec->add_flag("-t,--tty", call.exec.tty, "On a terminal");
  exec->add_option("COMMAND", call.exec.command, "After --")->required();
  exec->footer(
      "Examples:\n"
      "  sandboxctl exec dev -- ls -l /home\n"
      "  sandboxctl exec -it dev -- sh\n"
      "  sandboxctl exec -i dev -- tar -x -C /home < files.tar");
  exec->callback([&call] {
    call.exec.target.namespace_ = call.target.namespace_;
    call.run = [&call](Connection& to) { return cli::exec(to, call.exec); };
  });
}

void add_logs(CLI::App& app, Invocation& call) {
  CLI::App* const logs = app.add_subcommand("logs", "Print what a container wrote");
  add_name(logs, call.logs.target.name);
  logs->add_option("-c,--container", call.logs.container, "The container; default: the first");
  logs->add_flag("-f,--follow", call.logs.follow, "Go on until the container ends");
  logs->add_flag("-p,--previous", call.logs.previous, "Of the instance before this one");
  logs->add_flag("--timestamps", call.logs.timestamps, "Each line with its time");
  logs->add_option("--tail", call.logs.tail, "Only so many lines from the end");
  logs->add_option("--since", call.since, "Only what is newer than this, like 5s or 10m");
  logs->footer(
      "Examples:\n"
      "  sandboxctl logs dev --tail 20\n"
      "  sandboxctl logs -f dev -c main --since 10m\n"
      "  sandboxctl logs -p dev");
  logs->callback([&call] {
    call.logs.target.namespace_ = call.target.namespace_;
    if (!call.since.empty()) call.logs.since = parse_flag_duration("--since", call.since);
    call.run = [&call](Connection& to) { return cli::logs(to, call.logs); };
  });
}

void add_wait(CLI::App& app, Invocation& call) {
  CLI::App* const wait = app.add_subcommand("wait", "Wait until a Sandbox is so");
  add_name(wait, call.wait.target.name);
  wait->add_option("--for", call.awaited, "condition=TYPE[=STATUS], or delete")->required();
  wait->add_option("--timeout", call.timeout, "How long at most, like 90s; default 30s");
  wait->footer(
      "Examples:\n"
      "  sandboxctl wait dev --for condition=Ready --timeout 90s\n"
      "  sandboxctl wait dev --for condition=Suspended=False\n"
      "  sandboxctl wait dev --for delete");
  wait->callback([&call] {
    if (!call.timeout.empty()) call.wait.timeout = parse_flag_duration("--timeout", call.timeout);
    auto awaited = cli::parse_awaited(call.awaited);
    if (!awaited) throw CLI::ValidationError("--for", awaited.error().message());
    call.wait.what = std::move(*awaited);
    call.wait.target.namespace_ = call.target.namespace_;
    call.run = [&call](Connection& to) { return cli::wait(to, call.wait); };
  });
}

void add_views(CLI::App& app, Invocation& call) {
  CLI::App* const describe = app.add_subcommand("describe", "Show one Sandbox with its Events");
  add_name(describe, call.target.name);
  describe->callback([&call] {
    call.run = [&call](Connection& to) { return cli::describe_one(to, call.target); };
  });
  CLI::App* const top = app.add_subcommand("top", "What Sandboxes use");
  top->add_option("NAME", call.target.name, "Only this one")->transform(kSandboxName);
  top->add_option("-o,--output", call.output, "json")->check(CLI::IsMember({"json"}));
  top->callback([&call] {
    call.run = [&call](Connection& to) { return cli::top(to, call.target, !call.output.empty()); };
  });
  CLI::App* const events = app.add_subcommand("events", "What happened, the oldest first");
  events->add_option("NAME", call.target.name, "Only of this Sandbox")->transform(kSandboxName);
  events->add_flag("-w,--watch", call.follow, "Go on with each new one");
  events->callback([&call] {
    call.run = [&call](Connection& to) { return cli::events(to, call.target, call.follow); };
  });
  CLI::App* const node = app.add_subcommand("node", "What this node is and can do");
  node->add_option("-o,--output", call.output, "json")->check(CLI::IsMember({"json"}));
  node->callback([&call] {
    call.run = [&call](Connection& to) { return cli::node(to, !call.output.empty()); };
  });
}

void add_completion(CLI::App& app, Invocation& call) {
  CLI::App* const completion = app.add_subcommand(
      "completion", "Print what a shell needs to complete: source <(sandboxctl completion bash)");
  completion->add_option("SHELL", call.shell, "bash")->required()->check(CLI::IsMember({"bash"}));
  completion->callback([&call] {
    call.run = [](Connection&) -> Result<int> {
      std::cout << cli::bash_completion();
      return cli::kDone;
    };
  });
}

int print_completions(const CLI::App& app, const std::vector<std::string>& words) {
  auto sandboxes = [](const std::string& namespace_) {
    Connection connection(cli::default_socket());
    return cli::sandbox_names(connection, namespace_);
  };
  for (const auto& each : cli::complete(app, words, sandboxes)) std::cout << each << "\n";
  return cli::kDone;
}

}  // namespace

// An exception is a bug, and ends the process with its trace.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  Invocation call;
  CLI::App app("Inspects and drives the Sandboxes of this node, through its agent's local socket.");
  app.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 wrong usage; exec ends with the command's own.\n"
      "--socket and --namespace may stand behind every command.");
  app.set_version_flag("--version", std::string("sandboxctl ") + SANDBOXLET_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--socket", call.socket, "The agent's socket; also by SANDBOXLET_SOCKET");
  app.add_option("-n,--namespace", call.target.namespace_, "The namespace; default \"default\"");
  add_apply(app, call);
  add_get(app, call);
  add_views(app, call);
  add_delete(app, call);
  add_suspension(app, call);
  add_exec(app, call);
  add_logs(app, call);
  add_wait(app, call);
  add_completion(app, call);
  if (argc > 1 && std::string_view(argv[1]) == cli::kCompleteCommand) {
    return print_completions(app, {argv + 2, argv + argc});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kDone : cli::kWrongUsage;
  }
  Connection connection(call.socket);
  const auto code = call.run(connection);
  if (code) return *code;
  std::cerr << "sandboxctl: " << code.error().message() << "\n";
  return cli::kFailed;
}
