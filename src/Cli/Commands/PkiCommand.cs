using System.CommandLine;
using Appliance.Cli.Pki;

namespace Appliance.Cli.Commands;

/// <summary>appliance pki …: a small certificate authority in a folder, for sites that have none and for labs.</summary>
internal static class PkiCommand
{
    private const int MostDays = 36_500;

    /// <summary>The command.</summary>
    public static Command Create() => new("pki", "A certificate authority in a folder: make it, issue certificates to gateways, revoke them") { Init(), Issue(), Revoke() };

    private static Command Init()
    {
        var folder = new Argument<string>("DIR") { Description = "Folder of the authority; made if it is not there" };
        var name = new Option<string>("--name") { Description = "Its common name", DefaultValueFactory = _ => "Appliance CA" };
        var (key, days, listDays, force, json) = (Key(), Days(3650), ListDays(), Force(), Json());
        var command = new Command("init", "Make an authority: ca.crt, ca.key, and ca.crl, which revokes nothing yet") { folder, name, key, days, listDays, force, json };
        command.SetAction(parsed => AuthorityFolder.Create(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(name), parsed.GetRequiredValue(key), parsed.GetValue(days), parsed.GetValue(listDays), parsed.GetValue(force))
            .Print(parsed.GetValue(json)));
        return command;
    }

    private static Command Issue()
    {
        var name = new Argument<string>("NAME") { Description = "Common name, and the name of the files NAME.crt and NAME.key" };
        var names = new Option<string[]>("--san") { Description = "What the gateway calls itself in IKE: dns:NAME, ip:ADDRESS or email:ADDRESS; as often as needed. Default: dns:NAME", HelpName = "KIND:NAME" };
        var output = new Option<string?>("--out") { Description = "Folder for the files. Default: the authority's", HelpName = "DIR" };
        var (ca, key, days, force, json) = (Ca(), Key(), Days(825), Force(), Json());
        var command = new Command("issue", "Issue a certificate to a gateway, with a new private key") { name, ca, names, key, days, output, force, json };
        command.SetAction(parsed =>
        {
            var file = SubjectNames.File(parsed.GetRequiredValue(name));
            var folder = parsed.GetRequiredValue(ca);
            using var authority = AuthorityFolder.Open(folder);
            var said = parsed.GetValue(names) is { Length: > 0 } list ? list : [$"dns:{file}"];
            authority.Issue(file, said, parsed.GetRequiredValue(key), parsed.GetValue(days), parsed.GetValue(output) ?? folder, parsed.GetValue(force)).Print(parsed.GetValue(json));
        });
        return command;
    }

    private static Command Revoke()
    {
        var what = new Argument<string?>("NAME|FILE") { Description = "All certificates issued to that name, or the one in that file. None: write the list anew, before it ends", Arity = ArgumentArity.ZeroOrOne };
        var (ca, listDays, json) = (Ca(), ListDays(), Json());
        var command = new Command("revoke", "Revoke certificates: writes ca.crl, which gateways read at start and reload") { what, ca, listDays, json };
        command.SetAction(parsed =>
        {
            using var authority = AuthorityFolder.Open(parsed.GetRequiredValue(ca));
            authority.Revoke(parsed.GetValue(what), parsed.GetValue(listDays)).Print(parsed.GetValue(json));
        });
        return command;
    }

    private static Option<string> Ca() => new("--ca") { Description = "Folder of the authority", HelpName = "DIR", Required = true };

    private static Option<string> Key()
    {
        var key = new Option<string>("--key") { Description = $"Kind of key: {string.Join(", ", KeyPair.Kinds)} (Ed25519: made with openssl, used all the same)", DefaultValueFactory = _ => "p256" };
        key.AcceptOnlyFromAmong(KeyPair.Kinds);
        return key;
    }

    private static Option<int> Days(int otherwise) => InRange(new("--days") { Description = "How many days the certificate is valid", DefaultValueFactory = _ => otherwise });

    private static Option<int> ListDays() => InRange(new("--crl-days") { Description = "How many days the revocation list is valid; gateways refuse everybody when it ended", DefaultValueFactory = _ => 365 });

    private static Option<bool> Force() => new("--force") { Description = "Write over files that are there" };

    private static Option<bool> Json() => new("--json") { Description = "Print JSON" };

    private static Option<int> InRange(Option<int> option)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, out var days) && days is >= 1 and <= MostDays)) result.AddError($"{option.Name} takes 1 to {MostDays} days");
        });
        return option;
    }
}
